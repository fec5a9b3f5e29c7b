"""The anonymous suite: calls without a token are refused."""
