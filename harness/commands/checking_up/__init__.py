"""`doctor`: everything that a run needs, step by step, in the order in which things break."""
