"""What to ask: one module a suite, each turning a connector into probes."""
