"""Probes become exchanges: sending live, recording and replaying."""
