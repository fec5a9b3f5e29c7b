"""What makes a rule fire, as data: edits of the sample, faults of the emulator, tenants' answers.

A rule carries such examples as `shown_by`. They are data, so that rules need neither the emulator
nor pytest; the proof test runs them, and the pages of `docs/rules/` show them.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from harness.connector.pointers import find, unescape

__all__ = [
    "REMOVED",
    "AppAnswer",
    "Copied",
    "Edit",
    "Example",
    "Fault",
    "Moved",
    "TenantAnswer",
    "Versions",
    "edited",
]


class _Removed:
    """The value of something that an edit takes away."""

    def __repr__(self) -> str:
        return "REMOVED"


REMOVED: Final = _Removed()
Changes = Mapping[str, Any]
"""JSON pointer → new value, REMOVED, `Moved` or `Copied`, in order; `/-` adds to a list."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The value that was at another pointer, which is taken away there."""

    pointer: str


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy of the value at another pointer."""

    pointer: str


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of the sample connector after which the rule fires, and no other one.

    `definition`, `properties` and `auth` change `apiDefinition.swagger.json`, `apiProperties.json`
    and the app's authentication settings; `text` replaces text of the definition's file; `files`
    puts files next to it (name → text); `facts` says what the settings know (`DefinitionFacts`).
    `along` names rules that cannot but fire with it. A bare mapping is an edit of the definition.
    """

    definition: Changes = field(default_factory=dict)
    properties: Changes = field(default_factory=dict)
    auth: Changes = field(default_factory=dict)
    text: tuple[str, str] | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    along: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the emulator with which the rule fires for one operation.

    `name` is what `--connector-demo-fault` takes; `operation` is where the finding is, None for
    the app as a whole. `settings` are rows of the settings file (`section.key` → value) and
    `options` the emulator's own that the finding needs as well; `definition` and `properties` edit
    the sample's files as in `Edit`. `along` names rules that may fire with it.
    """

    name: str = ""
    operation: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    definition: Changes = field(default_factory=dict)
    properties: Changes = field(default_factory=dict)
    along: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AppAnswer:
    """One answer of the app, where no emulator can give it (a minute's wait, an old TLS version).

    `purpose` is the probe's; `seconds` is how long the answer took; `tls` are facts of the
    handshake (fields of `TlsFacts`).
    """

    purpose: str = ""
    status: int = 200
    operation: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    seconds: float = 0.1
    tls: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Versions:
    """Two versions of the sample: what is deployed, and what is to replace it."""

    new: Edit
    old: Edit = field(default_factory=Edit)


@dataclass(frozen=True, slots=True)
class TenantAnswer:
    """What a sign-in meets: an OAuth error, an odd token, or another thing that goes wrong.

    `error` and `description` are `error` and `error_description` of RFC 6749 section 5.2; `claims`
    change the token that comes (name → value). `about` says what was asked for where it is not
    a user's token: `secret`, `consent` or `redirect` of the connector's registration.
    `situation` names what no answer of the tenant shows (`clock-off`, `no-terminal`).
    """

    error: str = ""
    description: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""
    situation: str = ""


Example = Edit | Fault | AppAnswer | Versions | TenantAnswer


def edited(document: Any, changes: Changes) -> Any:
    """A copy of a JSON document with changes applied, in their order.

    Raises:
        LookupError: a pointer leads nowhere.
    """
    result = copy.deepcopy(document)
    for pointer, value in changes.items():
        if isinstance(value, Moved | Copied):
            source = find(result, value.pointer)
            if source is None:
                raise LookupError(f"nothing is at {value.pointer}")
            if isinstance(value, Moved):
                _put(result, value.pointer, REMOVED)
            value = source
        if pointer == "":
            result = copy.deepcopy(value)
        else:
            _put(result, pointer, copy.deepcopy(value) if value is not REMOVED else value)
    return result


def _put(document: Any, pointer: str, value: Any) -> None:
    above, _, token = pointer.rpartition("/")
    holder, key = find(document, above), unescape(token)
    if isinstance(holder, list):
        if key == "-":
            holder.append(value)
        elif value is REMOVED:
            del holder[int(key)]
        else:
            holder[int(key)] = value
    elif isinstance(holder, dict):
        if value is REMOVED:
            del holder[key]
        else:
            holder[key] = value
    else:
        raise LookupError(f"nothing is at {above}")
