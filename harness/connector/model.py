"""What a connector promises: a small frozen model beside the raw documents it was read from.

Reading files is left to `harness.connector.loading` and its neighbours; judging to
`harness.suites`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.connector.pointers import find
from harness.errors import SettingsError

__all__ = [
    "METHODS",
    "Connector",
    "LoadNote",
    "Operation",
    "Parameter",
    "Place",
    "Properties",
    "ResponseSpec",
    "Sample",
]

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
"""The methods of a path item in Swagger 2.0, as they are written there."""
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: file, RFC 6901 JSON pointer, 1-based line (None where not known)."""

    file: str
    pointer: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class LoadNote:
    """Something odd that loading tolerated (a duplicate key, a repaired trailing comma, a BOM)."""

    kind: str
    message: str
    place: Place


@dataclass(frozen=True, slots=True)
class Parameter:
    """One input of an operation, `$ref` resolved and path-level parameters merged.

    `schema` is the body's schema for `location == "body"`, else the parameter's own keywords
    (`type`, `format`, `enum`, `items` ...). `location` is path, query, header, body or formData.
    """

    name: str
    location: str
    required: bool
    schema: Mapping[str, Any]
    raw: Mapping[str, Any]
    pointer: str

    @property
    def visibility(self) -> str:
        """`x-ms-visibility` in lower case, or "" where absent or not text."""
        value = self.raw.get("x-ms-visibility", "")
        return value.lower() if isinstance(value, str) else ""

    @property
    def has_default(self) -> bool:
        """Whether the definition gives a default (also null)."""
        return "default" in self.raw or "default" in self.schema

    @property
    def default(self) -> Any:
        """The default value, or None."""
        return self.raw.get("default", self.schema.get("default"))

    @property
    def is_constant(self) -> bool:
        """Whether the platform always sends the default: internal parameters with a default."""
        return self.visibility == "internal" and self.has_default


@dataclass(frozen=True, slots=True)
class ResponseSpec:
    """One documented answer: `status` is "200" ... or "default"; `schema` is None where absent."""

    status: str
    schema: Mapping[str, Any] | None
    headers: Mapping[str, Any]
    examples: Mapping[str, Any]
    raw: Mapping[str, Any]
    pointer: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A saved request of a Postman collection, with the status and body of its saved answer."""

    name: str
    parameters: Mapping[str, Any]
    body: Any = None
    has_body: bool = False
    status: int | None = None
    response_text: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a connector; `id` is its operationId, or `METHOD /path` without one."""

    id: str
    method: str
    path: str
    pointer: str
    raw: Mapping[str, Any]
    parameters: tuple[Parameter, ...]
    responses: Mapping[str, ResponseSpec]
    consumes: tuple[str, ...]
    produces: tuple[str, ...]
    samples: tuple[Sample, ...] = ()
    path_raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The designer's name for the operation, or "" where absent."""
        value = self.raw.get("summary", "")
        return value if isinstance(value, str) else ""

    @property
    def changes_state(self) -> bool:
        """Whether the method may change state: not GET, HEAD or OPTIONS (RFC 9110, 9.2.1)."""
        return self.method not in READING_METHODS

    @property
    def declared_safe(self) -> bool:
        """Whether `x-ms-safe-operation: true` says that this operation has no side effects."""
        return self.raw.get("x-ms-safe-operation") is True

    @property
    def no_generic_test(self) -> bool:
        """Whether `x-ms-no-generic-test: true` keeps generated cases away."""
        return self.raw.get("x-ms-no-generic-test") is True

    @property
    def is_trigger(self) -> bool:
        """Whether flows start on it (`x-ms-trigger`)."""
        return "x-ms-trigger" in self.raw

    @property
    def body(self) -> Parameter | None:
        """The body parameter, or None."""
        return next((p for p in self.parameters if p.location == "body"), None)

    def parameters_in(self, location: str) -> tuple[Parameter, ...]:
        """The parameters of one location (path, query, header, body, formData)."""
        return tuple(p for p in self.parameters if p.location == location)

    @property
    def path_inputs(self) -> tuple[Parameter, ...]:
        """What the path needs: its declared parameters, and placeholders that none declares.

        A placeholder that the definition forgot is a text; the definition suite reports it.
        """
        declared = self.parameters_in("path")
        known = {p.name for p in declared}
        forgotten = [name for name in _PLACEHOLDER.findall(self.path) if name not in known]
        schema = {"type": "string"}
        return declared + tuple(
            Parameter(name, "path", True, schema, {**schema, "name": name}, self.pointer)
            for name in dict.fromkeys(forgotten)
        )

    def success_responses(self) -> tuple[ResponseSpec, ...]:
        """Documented 2xx answers, or the default one where it is the only success there is."""
        explicit = tuple(r for s, r in self.responses.items() if s.startswith("2"))
        if explicit:
            return explicit
        default = self.responses.get("default")
        return (default,) if default is not None else ()


@dataclass(frozen=True, slots=True)
class Properties:
    """`apiProperties.json`: the raw document and what sign-in and policies need of it.

    Key names are compared without regard to case, because published files differ (`ResourceUri`).
    """

    path: Path
    raw: Mapping[str, Any]
    identity_provider: str | None = None
    client_id: str | None = None
    resource_uri: str | None = None
    tenant_id: str | None = None
    login_uri: str | None = None
    scopes: tuple[str, ...] = ()
    redirect_mode: str | None = None
    redirect_url: str | None = None
    policies: tuple[Mapping[str, Any], ...] = ()
    has_script: bool = False
    script_operations: tuple[str, ...] = ()
    locate: Callable[[str], int | None] = field(default=lambda _pointer: None, compare=False)

    def place(self, pointer: str) -> Place:
        """Where a JSON pointer of the file stands."""
        return Place(self.path.as_posix(), pointer, self.locate(pointer))


@dataclass(frozen=True, slots=True)
class Connector:
    """A connector as read from its files: definition and, where there is one, properties.

    `raw` is the Swagger 2.0 document (for a Postman collection, the one the wizard would make of
    it). `sha256` is the hash of the definition file's bytes.
    """

    title: str
    operations: tuple[Operation, ...]
    raw: Mapping[str, Any]
    definition_path: Path
    kind: str
    sha256: str
    host: str
    base_path: str
    schemes: tuple[str, ...]
    properties: Properties | None = None
    settings_path: Path | None = None
    settings_raw: Mapping[str, Any] | None = None
    notes: tuple[LoadNote, ...] = ()
    script_path: Path | None = None
    locate: Callable[[str], int | None] = field(default=lambda _pointer: None, compare=False)

    def operation(self, operation_id: str) -> Operation:
        """The operation of that id.

        Raises:
            SettingsError: no operation has that id; the message names the nearest ones.
        """
        for operation in self.operations:
            if operation.id == operation_id:
                return operation
        known = [operation.id for operation in self.operations]
        near = difflib.get_close_matches(operation_id, known, n=3) or known[:5]
        raise SettingsError(
            f"the connector has no operation {operation_id!r}; known are {', '.join(near)}"
        )

    def place(self, pointer: str) -> Place:
        """Where a JSON pointer of the definition stands."""
        return Place(self.definition_path.as_posix(), pointer, self.locate(pointer))

    def resolve(self, schema: Any) -> Any:
        """Follow local `$ref`s (also chains) from a schema or parameter; anything else unchanged.

        A dangling or looping reference yields an empty mapping: the definition rules report it.
        """
        seen: set[str] = set()
        while isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
            ref = schema["$ref"]
            if ref in seen:
                return {}
            seen.add(ref)
            schema = self.at(ref)
        return {} if schema is None else schema

    def at(self, ref: str) -> Any:
        """The part of the definition that a local reference or pointer (`#/a/b`, `/a/b`) names."""
        if not ref.startswith(("#", "/")):
            return None
        return find(self.raw, ref)
