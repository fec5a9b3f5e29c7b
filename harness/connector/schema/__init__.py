"""Walking the schemas of a definition, and validating values with them."""
