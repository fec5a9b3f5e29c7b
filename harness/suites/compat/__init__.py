"""The compatibility suite: nothing breaks existing flows."""
