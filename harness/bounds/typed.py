"""Commands as a person types them: quoted for the shells of the platform.

POSIX shells share one way. On Windows the same line goes into PowerShell and into cmd, and double
quotes mean the same in both as long as no `"`, `$` or backtick is within; such a word is written
for PowerShell alone (7.3 or newer), in single quotes. Source: Microsoft,
about_Quoting_Rules; the `cmd` reference.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable

__all__ = ["CURL_ON_WINDOWS", "as_typed", "is_windows", "quoted"]

CURL_ON_WINDOWS = "curl.exe"
"""In Windows PowerShell plain `curl` is another command, an alias of Invoke-WebRequest."""
_BARE = re.compile(r"[\w:./\\=+\[\]-]+", re.ASCII)
_POWERSHELL_ALONE = re.compile(r'["$`]')


def is_windows(platform: str = sys.platform) -> bool:
    """Whether commands are typed into PowerShell or cmd."""
    return platform == "win32"


def as_typed(words: Iterable[str], platform: str = sys.platform) -> str:
    """A command line to paste, from its words."""
    return " ".join(quoted(word, platform) for word in words)


def quoted(word: str, platform: str = sys.platform) -> str:
    """One word of a command line; quoted only where a shell would read it otherwise."""
    if not is_windows(platform):
        return shlex.quote(word)
    if _BARE.fullmatch(word):
        return word
    if _POWERSHELL_ALONE.search(word):
        return "'" + word.replace("'", "''") + "'"
    # A backslash before the closing quote would take the quote along.
    trailing = len(word) - len(word.rstrip("\\"))
    return f'"{word}{chr(92) * trailing}"'
