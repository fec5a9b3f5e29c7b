"""The contract suite: no drift between definition and live app."""
