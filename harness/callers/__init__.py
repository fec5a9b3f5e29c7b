"""Signing users in, keeping their tokens, and forging hostile ones."""
