"""From OpenAPI 3.0 and 3.1 to the Swagger 2.0 that connectors take."""
