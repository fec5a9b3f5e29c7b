"""Judging: one module a family, each turning exchanges into findings."""
