"""Whose data an answer is: comparing texts with the claims that tell users apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.connector.pointers import find
from harness.exchanges.model import Response
from harness.exchanges.records import json_body

__all__ = ["Claims", "claim_values", "identifiers", "names_whom", "pointed_text", "unique_to"]

Claims = Mapping[str, Mapping[str, Any]]
"""Per user the claims of the access token."""

NAME_CLAIMS = ("upn", "preferred_username", "unique_name", "email")
SIGN_IN_NAMES = frozenset({"upn", "userprincipalname", "preferredusername", "uniquename"})
UNIQUE_CLAIMS = (*NAME_CLAIMS, "oid", "sub")


def claim_values(claims: Mapping[str, Any], claim: str) -> set[str]:
    """What a claim's value may look like: v1 and v2 tokens name the user differently."""
    wanted = NAME_CLAIMS if claim in NAME_CLAIMS else (claim,)
    return {str(claims[name]).casefold() for name in wanted if claims.get(name)}


def identifiers(claims: Mapping[str, Any]) -> set[str]:
    """The values that point to this user alone (display names are not among them)."""
    return {str(claims[name]).casefold() for name in UNIQUE_CLAIMS if claims.get(name)}


def unique_to(claims_by_user: Claims, name: str) -> set[str]:
    """The identifiers of one user that no other user shares."""
    others = [identifiers(claims) for who, claims in claims_by_user.items() if who != name]
    return identifiers(claims_by_user[name]).difference(*others)


def pointed_text(response: Response | None, pointer: str) -> str | None:
    """The text at a JSON pointer of an answer; the whole body for "" on one that is not JSON."""
    if response is None:
        return None
    document = json_body(response)
    if document is None:
        return response.text.strip() if pointer == "" else None
    value = find(document, pointer)
    return None if value is None or isinstance(value, Mapping | list) else str(value)


def sign_in_name(document: Any) -> tuple[str, str] | None:
    """Where an answer says whom it ran as, by the usual names for it: pointer and value, or None.

    At the top, or in an object there (`{"user": {"upn": ...}}`); lists tell of others.
    """
    if not isinstance(document, Mapping):
        return None
    inner = [(f"/{key}", value) for key, value in document.items() if isinstance(value, Mapping)]
    for base, holder in (("", document), *inner):
        for key, value in holder.items():
            name = str(key).lower().replace("_", "").replace("-", "")
            if name in SIGN_IN_NAMES and isinstance(value, str) and "@" in value:
                return f"{base}/{key}", value
    return None


def names_whom(text: str, claims_by_user: Claims) -> set[str]:
    """The users whose identifiers a text is, or carries."""
    lowered = text.casefold()
    return {
        name
        for name in claims_by_user
        if any(identifier in lowered for identifier in unique_to(claims_by_user, name))
    }


def mentioned(response: Response | None, claims_by_user: Claims) -> set[str]:
    """The users whose identifiers stand anywhere in an answer."""
    if response is None:
        return set()
    return names_whom(response.text, claims_by_user)
