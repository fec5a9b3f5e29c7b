"""The policies of `apiProperties.json`, applied as the platform applies them."""
