"""JSON and TOML within bounds: whatever a text holds, at worst a `ValueError` comes of it.

Python's own parsers raise `RecursionError` for deep texts, take `1e400` for infinity, and let lone
surrogates through, which no file or terminal takes afterwards.
"""

from __future__ import annotations

import json
import math
import re
import sys
import tomllib
from typing import Any

from harness.bounds.limits import DEEPEST, MOST_DIGITS

__all__ = ["OutOfBoundsError", "check_document", "has_surrogate", "parse_json", "parse_toml"]

_LONG_NUMBER = re.compile(rf"\d{{{MOST_DIGITS}}}|[0-9.][eE]\+?\d{{3}}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class OutOfBoundsError(ValueError):
    """A text is larger, deeper or longer than what is read; the message is one short clause."""


def parse_json(text: str | bytes | bytearray, *, deepest: int = DEEPEST) -> Any:
    """The JSON value of a text from elsewhere, an app's answer above all.

    Numbers beyond a double's range count as its largest, lone surrogates as U+FFFD: neither makes
    an answer unreadable.

    Raises:
        ValueError: it is no JSON (RFC 8259), or nested too deep.
    """
    if not isinstance(text, str):
        text = bytes(text).decode(json.detect_encoding(text), "surrogatepass")
    is_long = _LONG_NUMBER.search(text) is not None
    whole, real = (_whole, _real) if is_long else (None, None)
    try:
        value = json.loads(text, parse_int=whole, parse_float=real)
    except RecursionError:
        raise too_deep(deepest) from None
    check_depth(value, text, deepest)
    if _ESCAPED_SURROGATE.search(text) or has_surrogate(text):
        return _without_surrogates(value)
    return value


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises:
        ValueError: it is no TOML 1.0, nested too deep, or holds a number out of range.
    """
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise too_deep(DEEPEST) from None
    check_document(document)
    return document


def check_depth(value: Any, text: str, deepest: int) -> None:
    """Refuse a parsed value that is nested too deep; quick where its text cannot be.

    Raises:
        OutOfBoundsError: it is.
    """
    if text.count("[") + text.count("{") <= deepest:
        return
    level = [value]
    for _ in range(deepest):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    if any(isinstance(each, (dict, list)) for each in level):
        raise too_deep(deepest)


def check_document(value: Any, *, deepest: int = DEEPEST) -> None:
    """Refuse a parsed document that is too deep, or holds numbers or texts that nothing can show.

    Raises:
        OutOfBoundsError: says what it holds.
    """
    level = [value]
    for _ in range(deepest + 1):
        for each in level:
            _check_scalar(each)
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise too_deep(deepest)


def has_surrogate(text: str) -> bool:
    """Whether a text holds half of a surrogate pair, which no encoding can write."""
    return _SURROGATE.search(text) is not None


def too_deep(deepest: int) -> OutOfBoundsError:
    """The error for lists and objects inside each other beyond the bound."""
    return OutOfBoundsError(f"nested too deep: more than {deepest} levels")


def _inside(value: Any) -> list[Any]:
    """The containers and scalars in a container, keys of an object among them."""
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def _check_scalar(value: Any) -> None:
    if isinstance(value, str):
        if has_surrogate(value):
            raise OutOfBoundsError("a text holds half of a surrogate pair (\\ud800 to \\udfff)")
    elif isinstance(value, int):
        if abs(value) >= 10**MOST_DIGITS:
            raise OutOfBoundsError(f"a number has more than {MOST_DIGITS} digits")
    elif isinstance(value, float) and not math.isfinite(value):
        raise OutOfBoundsError("a number is out of range: no double holds it")


def _whole(digits: str) -> Any:
    return int(digits) if len(digits) <= MOST_DIGITS else _real(digits)


def _real(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else math.copysign(sys.float_info.max, value)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_without_surrogates(k): _without_surrogates(v) for k, v in value.items()}
    return [_without_surrogates(each) for each in value] if isinstance(value, list) else value
