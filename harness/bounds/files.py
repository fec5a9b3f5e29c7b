"""Files and paths that come from users: looking at them never raises, reading them is bounded."""

from __future__ import annotations

from pathlib import Path

from harness.bounds.limits import LARGEST_FILE, LONGEST_NAME, LONGEST_PATH
from harness.bounds.parsing import OutOfBoundsError

__all__ = ["cannot_be_path", "exists", "is_dir", "is_file", "read_bounded", "reason_of"]


def cannot_be_path(text: str | Path) -> str | None:
    """Why a text names no file on any usual system, or None where it may."""
    name = str(text)
    if "\0" in name:
        return "a path holds no NUL character"
    longest = max((len(_encoded(part)) for part in Path(name).parts), default=0)
    if longest > LONGEST_NAME:
        return f"one part of it has {longest} bytes, and a file's name no more than {LONGEST_NAME}"
    if len(_encoded(name)) > LONGEST_PATH:
        return f"it has more than {LONGEST_PATH} bytes"
    return None


def exists(path: Path) -> bool:
    """Whether something is there; what no file can be called, or nobody may see, is not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_file(path: Path) -> bool:
    """Whether a file is there."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_dir(path: Path) -> bool:
    """Whether a folder is there."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def read_bounded(path: Path, most: int = LARGEST_FILE) -> bytes:
    """The bytes of a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is larger than `most` bytes, or the path cannot be one.
    """
    with path.open("rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise OutOfBoundsError(f"larger than {most // (1024 * 1024)} MB")
    return content


def reason_of(error: Exception) -> str:
    """Why a file cannot be read or written, in the system's words."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
