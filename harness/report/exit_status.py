"""The exit statuses of a run, as the public interface lists them."""

from __future__ import annotations

EXIT_FINDING = 1
EXIT_INTERRUPTED = 2
EXIT_INTERNAL = 3
EXIT_USAGE = 4
EXIT_NOTHING = 5
EXIT_UNVERIFIED = 6
