"""Settings: what a key means, its default, and where it comes from."""
