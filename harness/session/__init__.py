"""A run of the harness inside pytest."""
