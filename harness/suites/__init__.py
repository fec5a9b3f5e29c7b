"""The pytest face of the rule families."""
