"""The table of sign-in codes in `docs/rules/sign-in.md`: what each means, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.callers.diagnosis_table import BY_B2C_CODE, BY_CODE, UNPUBLISHED, Cause

__all__ = ["render_codes"]


def render_codes() -> str:
    """The section `## Codes`: every known code with its rule, its meaning and its source."""
    lines = [
        "## Codes",
        "",
        "Every row was compared with Microsoft's published lists. *published*: the meaning follows "
        "Microsoft's own page; *seen*: the page does not list the code, and the meaning follows "
        "public bug reports. A code that is not here is told with the authority's own sentence "
        "and the link to look it up. `connector-harness explain CODE` says what to do.",
        "",
        "| code | rule | meaning | how sure |",
        "|---|---|---|---|",
        *_rows("AADSTS", BY_CODE, UNPUBLISHED),
        *_rows("AADB2C", BY_B2C_CODE, frozenset()),
        "",
        "Sources: Microsoft Entra authentication and authorization error codes; Error codes: Azure "
        "Active Directory B2C.",
    ]
    return "\n".join(lines) + "\n"


def _rows(prefix: str, table: dict[int, Cause], unpublished: frozenset[int]) -> Iterator[str]:
    for code in sorted(table):
        cause = table[code]
        sure = "seen" if code in unpublished else "published"
        yield f"| {prefix}{code} | `{cause.rule}` | {_plain(cause.says)} | {sure} |"


def _plain(text: str) -> str:
    """A cause's words without the values of a run: `the client {client}` is just the client."""
    return re.sub(r"(?:(?:the )?(\w+) )?\{(\w+)\}", _word, text)


def _word(match: re.Match[str]) -> str:
    before, name = match.groups()
    return f"the {name}" if before in (None, name) else f"{before} the {name}"
