"""The bounds of everything that is read: each far beyond real files, and far below a crash.

The deepest of 340 published connectors and collections nests 19 levels, the largest has 370 kB.
"""

from __future__ import annotations

__all__ = [
    "DEEPEST",
    "DEEPEST_SAMPLE",
    "LARGEST_CODE",
    "LARGEST_FILE",
    "LARGEST_RECORD",
    "LARGEST_SETTINGS",
    "LONGEST_NAME",
    "LONGEST_PATH",
    "MOST_DIGITS",
    "MOST_VALUES",
]

DEEPEST = 100
"""Levels of lists and objects in a document; CPython gives up near 1,000 calls."""
DEEPEST_SAMPLE = 30
"""Levels of a sample that a schema is inferred from: its schema nests twice as deep."""
MOST_DIGITS = 308
"""Digits of a number: a longer one fits no double (IEEE 754, about 1.8e308)."""
MOST_VALUES = 500_000
"""Values of a YAML document once its aliases are written out."""
LARGEST_FILE = 32 * 1024 * 1024
"""Bytes of a definition, a collection or an inventory."""
LARGEST_SETTINGS = 4 * 1024 * 1024
"""Bytes of a settings file."""
LARGEST_CODE = 4 * 1024 * 1024
"""Bytes of a source file that is looked through."""
LARGEST_RECORD = 512 * 1024 * 1024
"""Bytes of what the harness wrote itself: reports, recordings, caches."""
LONGEST_NAME = 255
"""Bytes of one part of a path, on every usual file system."""
LONGEST_PATH = 4096
"""Bytes of a whole path (Linux, PATH_MAX)."""
