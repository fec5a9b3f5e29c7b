"""The definition suite: the connector's files are sound."""
