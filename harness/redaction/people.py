"""Stand-ins: what recordings and reports show in place of users' names and ids, and the tenant.

Two different values never share a stand-in, so that a comparison of what is shown says the same as
the comparison of what was there; the same value has the same stand-in in every recording.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.settings.values import Settings

__all__ = ["StandIns", "masked_addresses", "stand_ins_of", "tenant_stand_in"]

NAMESPACE = uuid.UUID("6f1c2a54-6f0e-4d0e-9c58-0a4f6e0b7a11")
ADDRESS_CLAIMS = ("upn", "preferred_username", "unique_name", "email", "verified_primary_email")
ID_CLAIMS = ("oid", "sub", "puid")
MANY_TENANTS = frozenset({"common", "organizations", "consumers"})
SHORTEST = 4
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ADDRESS = re.compile(r"\b([\w+-])[\w.+-]*@([\w-])[\w-]*(?:\.[\w-]+)+")


@dataclass(slots=True)
class StandIns:
    """Real value → stand-in, and for each stand-in that is an id what a sentence calls it."""

    shown: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _known: set[str] = field(default_factory=set)

    def add(self, value: Any, stand_in: str, second: str = "", words: str = "") -> None:
        """Give a value its stand-in, or the second where another value has the first one."""
        texts = [str(each) for each in value] if isinstance(value, list) else [value]
        for text in texts:
            if not isinstance(text, str) or len(text) < SHORTEST or text.lower() in self._known:
                continue
            chosen = stand_in if stand_in not in self._taken else second or stand_in
            self._known.add(text.lower())
            self._taken.add(chosen)
            self.shown[text] = chosen
            if words:
                self.words[chosen] = words


def tenant_stand_in() -> str:
    """The tenant id that recordings show where identities are hidden."""
    return _id("tenant")


def stand_ins_of(claims: Mapping[str, Mapping[str, Any]], settings: Settings) -> StandIns:
    """The stand-ins of every user whose claims or settings are known, and of the tenant."""
    table = StandIns()
    if not settings.redact.identities:
        return table
    _add_tenants(table, claims, settings)
    for name in sorted({*claims, *settings.users}):
        user = settings.users.get(name)
        _add_user(table, name, claims.get(name, {}), None if user is None else user.username)
    # What reports call a user by is no identity, also where the sign-in name is the same word.
    for name in settings.users:
        table.shown.pop(name, None)
    return table


def masked_addresses(text: str, known: frozenset[str]) -> str:
    """A text in which the address of a person who has no stand-in is cut down: `b…@f…`."""

    def masked(match: re.Match[str]) -> str:
        address = match.group()
        spared = address.lower() in known or address.lower().endswith((".invalid", ".example"))
        return address if spared else f"{match.group(1)}…@{match.group(2)}…"

    return _ADDRESS.sub(masked, text) if "@" in text else text


def _add_tenants(
    table: StandIns, claims: Mapping[str, Mapping[str, Any]], settings: Settings
) -> None:
    """The settings' tenant first: an answer that names another one must look different."""
    own = settings.entra.tenant_id
    if own and own.lower() not in MANY_TENANTS:
        table.add(own, tenant_stand_in(), words="{tenant}")
    by_guid = bool(own) and _GUID.fullmatch(own or "") is not None
    for name in sorted(claims):
        if by_guid:
            other = _id(f"tenant of {name}")
            table.add(claims[name].get("tid"), other, other, words=f"{{tenant of {name}}}")
        else:  # a domain's name, or none: the tenant that signed the first user in
            table.add(claims[name].get("tid"), tenant_stand_in(), words="{tenant}")
            by_guid = "tid" in claims[name]


def _add_user(table: StandIns, name: str, claims: Mapping[str, Any], username: str | None) -> None:
    for claim, value in (*((c, claims.get(c)) for c in ADDRESS_CLAIMS), ("username", username)):
        table.add(value, f"{name}@users.invalid", f"{name}.{claim}@users.invalid")
    for claim in ID_CLAIMS:
        words = {"oid": "object id", "sub": "subject"}.get(claim, claim)
        table.add(claims.get(claim), _id(f"{name}/{claim}"), words=f"{{{words} of {name}}}")
    first = name.capitalize()
    table.add(claims.get("name"), f"{first} Stand-In", f"{first} ({name}) Stand-In")
    table.add(claims.get("given_name"), first, f"{first}-Given")
    table.add(claims.get("family_name"), "Stand-In", f"Stand-In-of-{first}")


def _id(what: str) -> str:
    return str(uuid.uuid5(NAMESPACE, what))
