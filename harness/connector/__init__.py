"""Reading what a connector promises: definition, properties, Postman collections."""
