"""The delegated suite: calls run as the signed-in user."""
