"""The tokens suite: hostile and unfit tokens are refused."""
