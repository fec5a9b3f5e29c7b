"""Whose data an answer is: comparing texts with the claims that tell users apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from harness.connector.pointers import find
from harness.exchanges.model import Response
from harness.exchanges.records import json_body, values_in

__all__ = [
    "Claims",
    "claim_values",
    "identifiers",
    "mentioned",
    "names_whom",
    "plain_name",
    "pointed_text",
    "told_names",
    "unique_to",
    "whose",
    "whose_name",
]

_KINDS = {"oid": "object id", "sub": "subject", "tid": "tenant", "name": "display name"}

Claims = Mapping[str, Mapping[str, Any]]
"""Per user the claims of the access token."""

NAME_CLAIMS = ("upn", "preferred_username", "unique_name", "email")
SIGN_IN_NAMES = frozenset({"upn", "userprincipalname", "preferredusername", "uniquename"})
USUAL_NAMES = SIGN_IN_NAMES | {
    "email",
    "emailaddress",
    "mail",
    "user",
    "username",
    "userid",
    "owner",
    "login",
    "loginname",
    "account",
    "signinname",
    "principal",
    "principalname",
    "identity",
    "name",
    "displayname",
    "fullname",
    "id",
    "oid",
    "objectid",
    "sub",
}
"""What an operation that tells who the caller is calls the answer, in lower case."""
IDS = ("oid", "sub")
_EXTERNAL = re.compile(r"(.+)_([^_@]+\.[^_@]+)(?:#ext#|_ext_)(?:@.+)?")
_FOREIGN = re.compile(r"[a-z0-9.]+#(.+@.+)")


def plain_name(value: str) -> str:
    """The address behind a sign-in name, in lower case.

    Guests are named in several ways: `live.com#ann@example.com`, `mail#ann@example.com`,
    `ann_example.com#EXT#@tenant.example` (Entra ID, "Properties of a B2B guest user"), and with
    `_EXT_` where a number sign may not stand.
    """
    text = value.strip().casefold()
    external = _EXTERNAL.fullmatch(text)
    if external is not None:
        return f"{external[1]}@{external[2]}"
    foreign = _FOREIGN.fullmatch(text)
    return foreign[1] if foreign is not None else text


def claim_values(claims: Mapping[str, Any], claim: str) -> set[str]:
    """What a claim's value may look like: v1 and v2 tokens name the user differently."""
    wanted = NAME_CLAIMS if claim in NAME_CLAIMS else (claim,)
    texts = [str(claims[name]) for name in wanted if claims.get(name)]
    return {text.casefold() for text in texts} | {plain_name(text) for text in texts}


def identifiers(claims: Mapping[str, Any]) -> set[str]:
    """The values that point to this user alone (display names are not among them)."""
    found = {str(claims[name]).casefold() for name in IDS if claims.get(name)}
    for name in (str(claims[name]) for name in NAME_CLAIMS if claims.get(name)):
        plain = plain_name(name)
        found |= {name.casefold(), plain}
        local, at, domain = plain.rpartition("@")
        if at:
            found |= {f"{local}_{domain}#ext#", f"{local}_{domain}_ext_"}
    return found


def unique_to(claims_by_user: Claims, name: str) -> set[str]:
    """The identifiers of one user that no other user shares."""
    others = [identifiers(claims) for who, claims in claims_by_user.items() if who != name]
    return identifiers(claims_by_user[name]).difference(*others)


def whose(value: str, claims_by_user: Claims) -> str:
    """What a value that names somebody is, so that it is told from what it was compared with.

    `alice's address (alice@contoso.com)`, `another address (bob@fabrikam.com)`.
    """
    wanted = value.strip().casefold()
    for name, claims in claims_by_user.items():
        for claim, text in claims.items():
            if isinstance(text, str) and text.casefold() == wanted:
                kind = "address" if "@" in text else _KINDS.get(claim, claim)
                return f"{name}'s {kind} ({value})"
    return f"another {'address' if '@' in value else 'value'} ({value})"


def pointed_text(response: Response | None, pointer: str) -> str | None:
    """The text at a JSON pointer of an answer; the whole body for "" on one that is not JSON."""
    if response is None:
        return None
    document = json_body(response)
    if document is None:
        return response.text.strip() if pointer == "" else None
    value = find(document, pointer)
    return None if value is None or isinstance(value, Mapping | list) else str(value)


def told_names(document: Any, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Where an answer says who somebody is, by the usual names for it: pointers and values.

    At the top, or in an object there (`{"user": {"upn": ...}}`); lists tell of others. A text alone
    is told at "".
    """
    if isinstance(document, str):
        yield "", document
    if not isinstance(document, Mapping):
        return
    inner = [(f"/{key}", value) for key, value in document.items() if isinstance(value, Mapping)]
    for base, holder in (("", document), *inner):
        for key, value in holder.items():
            name = re.sub(r"[^a-z0-9]", "", str(key).lower())
            if name in names and isinstance(value, str) and value.strip():
                yield f"{base}/{key}", value


def whose_name(value: str, claims_by_user: Claims) -> str | None:
    """The one user whom a value names: by sign-in name, id, or a display name of theirs alone."""
    text, plain = value.strip().casefold(), plain_name(value)
    for name in claims_by_user:
        if {text, plain} & unique_to(claims_by_user, name):
            return name
    shown = [n for n, c in claims_by_user.items() if str(c.get("name", "")).casefold() == text]
    return shown[0] if len(shown) == 1 and text else None


def names_whom(text: str, claims_by_user: Claims) -> set[str]:
    """The users whose identifiers a text is, or carries as words of their own."""
    lowered = text.casefold()
    return {
        name
        for name in claims_by_user
        if any(
            identifier in lowered and _alone(identifier).search(lowered)
            for identifier in unique_to(claims_by_user, name)
        )
    }


@lru_cache(maxsize=256)
def _alone(identifier: str) -> re.Pattern[str]:
    """The identifier as a whole: `bob@example.com` does not stand in `jimbob@example.com`."""
    ending = "" if identifier.endswith(("#", "_")) else r"(?![a-z0-9_-]|\.[a-z0-9])"
    return re.compile(rf"(?<![a-z0-9_.+-]){re.escape(identifier)}{ending}")


def mentioned(response: Response | None, claims_by_user: Claims) -> set[str]:
    """The users whose identifiers stand anywhere in an answer, however it is escaped."""
    if response is None:
        return set()
    text = response.text
    if "\\" in text:
        text += "\n" + "\n".join(v for v in values_in(json_body(response)) if isinstance(v, str))
    if "%40" in text:
        text += "\n" + unquote(text)
    return names_whom(text, claims_by_user)
