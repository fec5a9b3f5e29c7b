"""`explain` for sign-in errors: a code, a token endpoint's JSON, a redirect, a pasted text."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from harness.bounds.parsing import parse_json
from harness.callers.choosing import is_confidential
from harness.callers.diagnosis import HINTS, Attempt, Diagnosis, diagnosis_of
from harness.callers.diagnosis_table import BY_ERROR, by_library_words
from harness.commands.explain_context import context_here
from harness.commands.explanation import Explanation
from harness.connector.properties import expected_scope
from harness.exchanges.front_ends import quoted

__all__ = ["explain_sign_in", "sign_in_explanation"]

_NUMBER = re.compile(r"(?:AADSTS|code\s*:?\s*)?(\d{5,8})", re.I)
_B2C = re.compile(r"AADB2C(\d{5})", re.I)
_CODE_IN_TEXT = re.compile(r"AADSTS\s?\d{4,8}|AADB2C\d{5}", re.I)
_WORDS = frozenset(BY_ERROR) | frozenset(HINTS) | {"invalid_grant"}
_WORD = re.compile(r"\b(" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")\b")
_QUERY = re.compile(r"[?#&](?=error=|error_description=)")
_CORRELATION = re.compile(r"Correlation ID:?\s*([0-9a-f-]{36})", re.I)


def explain_sign_in(text: str, options: argparse.Namespace) -> Explanation | None:
    """A sign-in error: what it means at Microsoft, and what to do about it here."""
    answer = answer_in(text)
    return None if answer is None else sign_in_explanation(answer, options)


def sign_in_explanation(answer: Mapping[str, Any], options: argparse.Namespace) -> Explanation:
    """An error answer of the authority, explained with the values of this folder's settings."""
    attempt = _attempt(options)
    found = diagnosis_of(answer, attempt)
    says = found.says[:1].upper() + found.says[1:]
    message = f"{says} [{found.number}]" if found.number else says
    words = str(answer.get("error_description") or answer.get("error") or found.number)
    because = (quoted(words),)
    return Explanation(
        "sign-in",
        found.rule,
        found.number or found.says,
        message,
        found.remedy,
        because,
        page=_page(found, message, because),
        more={"code": found.code, "known": found.known},
    )


def answer_in(text: str) -> Mapping[str, Any] | None:
    """The error answer in a text: a bare code or word, JSON, a redirect's query, or prose."""
    bare = text.strip()
    number, b2c = _NUMBER.fullmatch(bare), _B2C.fullmatch(bare)
    if number and not (bare.isdigit() and len(bare) < 5):
        return {"error_codes": [int(number[1])]}
    if b2c:
        return {"error_description": f"AADB2C{b2c[1]}:"}
    if bare in _WORDS:
        return {"error": bare}
    document = _json(bare)
    if document is not None:
        return document
    return _in_query(bare) or _in_prose(bare)


def _json(text: str) -> Mapping[str, Any] | None:
    """An OAuth error object, also inside a log line or nested (`error: {code, message}`)."""
    start = text.find("{")
    if start < 0:
        return None
    try:
        document = parse_json(text[start : text.rfind("}") + 1])
    except ValueError:
        return None
    if not isinstance(document, Mapping):
        return None
    error = document.get("error")
    if isinstance(error, str) and _CODE_IN_TEXT.search(error):
        return {"error_description": error, **{k: v for k, v in document.items() if k != "error"}}
    if isinstance(error, str) or document.get("error_codes"):
        return document
    return _in_prose(text)


def _in_query(text: str) -> Mapping[str, Any] | None:
    parts = _QUERY.split(text, maxsplit=1)
    query = parts[1] if len(parts) == 2 else text if text.startswith("error=") else ""
    values = {name: each[0] for name, each in parse_qs(query.replace("\n", "")).items()}
    return values if values.get("error") or values.get("error_description") else None


def _in_prose(text: str) -> Mapping[str, Any] | None:
    """A text that names a code, or an OAuth error together with the word error."""
    plain = unquote_plus(text) if "%20" in text else text
    code = _CODE_IN_TEXT.search(plain)
    word = _WORD.search(plain)
    if code is None and by_library_words(plain) is not None:
        return {"error": "MSAL", "error_description": plain}
    if code is None and (word is None or len(plain) > 4096):
        return None
    answer: dict[str, Any] = {}
    if word is not None:
        answer["error"] = word[1]
    if code is not None:
        answer["error_description"] = plain[code.start() :].replace("AADSTS ", "AADSTS")
    else:
        answer["error_description"] = plain.partition(word[1] if word else "")[2].strip(" :\"',.-")
    correlation = _CORRELATION.search(plain)
    if correlation is not None:
        answer["correlation_id"] = correlation[1]
    return answer


def _attempt(options: argparse.Namespace) -> Attempt:
    context = context_here(options.config)
    entra, properties = context.settings.entra, context.connector.properties
    scope = entra.scope or (None if properties is None else expected_scope(properties))
    return Attempt(
        context.settings.default_user or "USER",
        options.flow,
        entra.client_id or "",
        entra.tenant_id or "",
        scope or "",
        is_confidential(entra) if entra.client_id else None,
    )


def _page(found: Diagnosis, message: str, because: tuple[str, ...]) -> str:
    lines = [message, f"  rule      {found.rule}", f"  remedy    {found.remedy}"]
    lines += [f'  because   "{words}"' for words in because if words]
    if found.correlation:
        lines.append(f"  correlation id {found.correlation}")
    return "\n".join(lines)
