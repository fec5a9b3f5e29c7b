"""One of several machines' share of a run: `--connector-shard K/N`."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from harness.errors import SettingsError

__all__ = ["Shard", "parse_shard"]


@dataclass(frozen=True, slots=True)
class Shard:
    """The `part`-th, counted from 1, of `of` parts."""

    part: int
    of: int

    def holds(self, name: str) -> bool:
        """Whether what has this name belongs here.

        The name alone decides: an operation that is added or moved in the definition changes the
        place of no other.
        """
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.part - 1

    def __str__(self) -> str:
        return f"{self.part}/{self.of}"


def parse_shard(text: str | None) -> Shard | None:
    """The shard that `K/N` names, or None where none is named.

    Raises:
        SettingsError: it is not of that form, or K is not one of 1 to N.
    """
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text.strip())
    part, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= part <= of:
        raise SettingsError(
            f"--connector-shard {text}: give K/N, the K-th of N parts, such as 2/5; "
            "K is a number from 1 to N"
        )
    return Shard(part, of)
