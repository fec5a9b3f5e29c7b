"""A persisted token cache that never costs a run its token, and the plain file it may live in."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Any

import msal
from msal_extensions import FilePersistence, PersistedTokenCache

__all__ = ["KeptTokenCache", "PlainFile"]

STALE_LOCK_S = 60.0
"""A lock file older than this belongs to a run that died: msal-extensions keeps one for moments."""
REPLACE_TRIES = 5


class KeptTokenCache(PersistedTokenCache):  # type: ignore[misc]
    """msal-extensions' cache; where reading or writing fails it goes on in memory and notes why.

    A token that was just obtained is worth more than its place in the cache.
    """

    def __init__(self, persistence: Any) -> None:
        super().__init__(persistence)
        self.persistence = persistence
        self.trouble: str | None = None

    def modify(self, credential_type: str, old_entry: Any, new_key_value_pairs: Any = None) -> None:
        """Change an entry on disk, else in memory alone."""
        self._drop_stale_lock()
        try:
            super().modify(credential_type, old_entry, new_key_value_pairs=new_key_value_pairs)
            self.trouble = None  # what is in memory was saved whole
        except Exception as error:
            self._note("saved", error)
            msal.SerializableTokenCache.modify(
                self, credential_type, old_entry, new_key_value_pairs
            )

    def search(self, credential_type: str, **query: Any) -> Any:
        """Find entries on disk, else in memory alone."""
        try:
            return super().search(credential_type, **query)
        except Exception as error:
            self._note("read", error)
            # From here on what is on disk counts as seen, so that the next save replaces it.
            self._last_sync = time.time() + 1
            return msal.SerializableTokenCache.search(self, credential_type, **query)

    def _note(self, what: str, error: Exception) -> None:
        self.trouble = f"the token cache could not be {what} ({type(error).__name__})"

    def _drop_stale_lock(self) -> None:
        lock = Path(self._lock_location)
        with contextlib.suppress(OSError):
            if time.time() - lock.stat().st_mtime > STALE_LOCK_S:
                lock.unlink()


class PlainFile(FilePersistence):  # type: ignore[misc]
    """A plain file that only its owner may read, replaced whole so that nobody reads half of it."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        if path.exists():
            path.chmod(0o600)
        else:
            self.save("{}")

    def save(self, content: str) -> None:
        """Write the content beside the file, then put it in its place."""
        path = Path(self.get_location())
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
        for last in range(REPLACE_TRIES):
            try:
                beside.replace(path)
                return
            except PermissionError:
                # Windows: another process reads it at this moment.
                if last == REPLACE_TRIES - 1:
                    beside.unlink(missing_ok=True)
                    raise
                time.sleep(0.05)

    def load(self) -> str:
        """The content as it was saved."""
        return Path(self.get_location()).read_text(encoding="utf-8")
