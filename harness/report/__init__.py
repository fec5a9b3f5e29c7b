"""Findings become a report, in every format that somebody reads."""
