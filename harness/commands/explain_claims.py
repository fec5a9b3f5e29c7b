"""`explain` for a token: its claims as JSON, or the JWT itself, which is never repeated."""

from __future__ import annotations

import argparse
import base64
import binascii
import time
from collections.abc import Mapping
from typing import Any

from harness.bounds.parsing import parse_json
from harness.callers.claims import account_note, claims_of, is_account, is_jwt, table_of
from harness.commands.explain_context import context_here
from harness.commands.explanation import Explanation, lines_of, plain_findings
from harness.exchanges.context import RunContext
from harness.suites.tokens.fitness import GRACE_S, notes_on, token_fitness
from harness.suites.tokens.sign_in import expectations_of, judge_fitness

__all__ = ["claims_in", "explain_claims"]

_TOKEN_KEYS = ("accessToken", "access_token", "token", "id_token")
_CLAIM_MARKS = frozenset(
    {"iss", "aud", "exp", "oid", "sub", "tid", "upn", "unique_name", "scp", "preferred_username"}
)
_HIDDEN = frozenset({"aio", "rh", "uti", "sid", "nonce", "at_hash", "c_hash", "xms_ftd"})


def explain_claims(text: str, options: argparse.Namespace) -> Explanation | None:
    """A token's claims: what each means, and whether they fit the app and its users here."""
    claims = claims_in(text)
    if claims is None:
        return None
    context = context_here(options.config)
    issued = claims.get("iat") or claims.get("nbf") or 0
    moment = float(issued) if isinstance(issued, int | float) else 0.0
    misfits = token_fitness(claims, expectations_of(context), moment)
    findings = judge_fitness({_whose(context, claims): misfits})
    notes = [*_lifetime(claims), *notes_on(claims), *_accounts(context, claims)]
    message = findings[0].message if findings else "The claims fit what is known here"
    remedy = findings[0].remedy if findings else "nothing to do"
    because = tuple(f"{f.data.get('claim')}: {f.observed}" for f in findings)
    rows = [
        f"token shows {row.name}: {_row(row.name, row.value, row.meaning)}"
        for row in table_of(claims)
    ]
    page = "\n".join([message, f"  remedy    {remedy}", *lines_of(findings), *notes, *rows])
    cause = str(findings[0].data.get("claim")) if findings else "fits"
    more = {"findings": plain_findings(findings), "notes": notes, "shows": rows}
    rule = findings[0].rule if findings else None
    text_of_notes = "; ".join(notes)
    told = f"{message}. {text_of_notes}" if notes else message
    return Explanation("claims", rule, cause, told, remedy, because, page, more)


def claims_in(text: str) -> dict[str, Any] | None:
    """The claims of a JWT, of `az`'s output, of `/.auth/me` or a principal header, or as JSON."""
    bare = text.strip().removeprefix("Authorization:").strip().removeprefix("Bearer ").strip(" \"'")
    if " " not in bare and is_jwt(bare):
        return claims_of(bare)
    document = _parsed(bare)
    if isinstance(document, list) and document and isinstance(document[0], Mapping):
        document = document[0]
    if not isinstance(document, Mapping):
        return None
    for key in _TOKEN_KEYS:
        if isinstance(document.get(key), str) and is_jwt(document[key]):
            return claims_of(document[key])
    pairs = document.get("user_claims") or document.get("claims")
    if isinstance(pairs, list):
        return _from_pairs(pairs)
    if isinstance(pairs, Mapping):
        document = pairs
    if "error" in document or not _CLAIM_MARKS & set(document):
        return None
    return dict(document)


def _parsed(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        pass
    if len(text) < 40 or set(text) & set(" \n{}<>:"):
        return None
    try:
        return parse_json(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        return None


def _from_pairs(pairs: list[Any]) -> dict[str, Any] | None:
    """Claims as App Service prints them, `typ` and `val`; long names are shortened."""
    claims: dict[str, Any] = {}
    for pair in pairs:
        if isinstance(pair, Mapping) and isinstance(pair.get("typ"), str):
            name = pair["typ"].rpartition("/")[2]
            claims.setdefault(_SHORT.get(name, name), pair.get("val"))
    return claims or None


_SHORT = {"objectidentifier": "oid", "tenantid": "tid", "nameidentifier": "sub", "scope": "scp"}


def _row(name: str, value: str, meaning: str) -> str:
    shown = "…" if name in _HIDDEN else value
    return f"{shown} ({meaning})" if meaning else f"{shown} (no meaning known here)"


def _lifetime(claims: Mapping[str, Any]) -> list[str]:
    expires = claims.get("exp")
    if isinstance(expires, int | float) and expires + GRACE_S < time.time():
        return ["note: this token has expired; hand in a fresh one for a run"]
    return []


def _whose(context: RunContext, claims: Mapping[str, Any]) -> str:
    users = context.settings.users.values()
    return next(
        (u.name for u in users if u.username and is_account(u.username, claims)), "the user"
    )


def _accounts(context: RunContext, claims: Mapping[str, Any]) -> list[str]:
    """Whether the token is one of the configured users'."""
    notes = []
    for user in context.settings.users.values():
        if user.username and is_account(user.username, claims):
            return [f"note: accepted as the account of [users.{user.name}]"]
        if user.username:
            notes.append(f"note: {account_note(user.name, claims)}")
    return notes[:1]
