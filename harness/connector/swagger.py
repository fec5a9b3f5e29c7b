"""From a Swagger 2.0 document to operations, tolerant of one broken part, silent about none.

Source of the format: the OpenAPI Specification, version 2.0. What published connectors do beside it
(keys beside the methods, `consumes: []`, duplicate parameters) is accepted and noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.connector.model import (
    METHODS,
    Connector,
    LoadNote,
    Operation,
    Parameter,
    Place,
    ResponseSpec,
    Sample,
)
from harness.connector.pointers import escape, find
from harness.connector.reading import Document
from harness.errors import DefinitionError

__all__ = ["build_connector", "check_version"]

_LOCATIONS = ("path", "query", "header", "body", "formData")
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_NOT_SCHEMA = frozenset(
    {"name", "in", "required", "description", "allowEmptyValue", "collectionFormat"}
)


def check_version(document: Document) -> None:
    """Make sure that a document is Swagger 2.0.

    Raises:
        DefinitionError: it is OpenAPI 3, Swagger 1.x, or no API definition at all; says what to do.
    """
    data, path = document.data, document.path
    if "openapi" in data:
        raise DefinitionError(
            f"this is OpenAPI {data['openapi']}; custom connectors take Swagger 2.0 only, "
            "so convert it to that",
            file=path,
            line=document.locate("/openapi"),
        )
    version = str(data.get("swagger", data.get("swaggerVersion", "")))
    if version and version not in ("2.0", "2"):
        key = "/swagger" if "swagger" in data else "/swaggerVersion"
        raise DefinitionError(
            f"this is Swagger {version}; custom connectors take Swagger 2.0 only, so convert it",
            file=path,
            line=document.locate(key),
        )
    if not version:
        raise DefinitionError(
            f"{_guess(data)}; give an apiDefinition.swagger.json (Swagger 2.0) "
            "or a Postman collection",
            file=path,
            line=1,
        )
    if not isinstance(data.get("paths"), dict):
        raise DefinitionError(
            "the definition has no `paths` object, so it has no operations; add it",
            file=path,
            line=document.locate("/paths"),
        )


def _guess(data: Mapping[str, Any]) -> str:
    if isinstance(data.get("properties"), dict):
        return "this looks like apiProperties.json, not like a definition"
    return 'this is no API definition: it has no `"swagger": "2.0"`'


def build_connector(
    document: Document,
    *,
    kind: str = "swagger",
    samples: Mapping[str, tuple[Sample, ...]] | None = None,
    notes: Sequence[LoadNote] = (),
) -> Connector:
    """The connector of a checked Swagger 2.0 document.

    Args:
        document: what `read_document` gave and `check_version` accepted.
        kind: "swagger" or "postman".
        samples: saved requests by the operation's pointer.
        notes: what was noted before.
    """
    reader = _Reader(document, samples or {})
    operations = tuple(reader.operations())
    raw = document.data
    if not isinstance(raw.get("swagger"), str):
        reader.note("swagger-version", '`swagger` should be the text "2.0"', "/swagger")
    return Connector(
        title=reader.title(),
        operations=operations,
        raw=raw,
        definition_path=document.path,
        kind=kind,
        sha256=document.sha256,
        host=reader.host(),
        base_path=reader.base_path(),
        schemes=reader.schemes(),
        notes=(*document.notes, *notes, *reader.notes),
        locate=document.locate,
    )


class _Reader:
    """Walks one document once and collects notes on the way."""

    def __init__(self, document: Document, samples: Mapping[str, tuple[Sample, ...]]) -> None:
        self.raw: dict[str, Any] = document.data
        self.path: Path = document.path
        self.locate = document.locate
        self.samples = samples
        self.notes: list[LoadNote] = []
        self.ids: set[str] = set()
        self.consumes = self._media_types(self.raw, "consumes", "")
        self.produces = self._media_types(self.raw, "produces", "")

    def note(self, kind: str, message: str, pointer: str) -> None:
        place = Place(self.path.as_posix(), pointer, self.locate(pointer))
        self.notes.append(LoadNote(kind, message, place))

    def title(self) -> str:
        info = self.raw.get("info")
        title = info.get("title") if isinstance(info, dict) else None
        return title if isinstance(title, str) and title.strip() else self.path.stem

    def host(self) -> str:
        host = self.raw.get("host", "")
        return host.strip() if isinstance(host, str) else ""

    def base_path(self) -> str:
        """`basePath` with one leading and no trailing slash; "/" where absent."""
        base_path = self.raw.get("basePath", "/")
        if not isinstance(base_path, str):
            self.note("base-path", "`basePath` is not text; / is used", "/basePath")
            return "/"
        return "/" + base_path.strip().strip("/")

    def schemes(self) -> tuple[str, ...]:
        schemes = self.raw.get("schemes")
        listed = schemes if isinstance(schemes, list) else []
        return tuple(s.lower() for s in listed if isinstance(s, str)) or ("https",)

    def operations(self) -> Iterator[Operation]:
        for path, item in self.raw["paths"].items():
            if path.startswith("x-"):
                continue
            pointer = f"/paths/{escape(path)}"
            item = self._resolved(item, pointer)
            if not isinstance(item, dict):
                self.note("path-item", f"the path {path} is not an object; left out", pointer)
                continue
            if not path.startswith("/"):
                self.note("path", f"the path {path} does not begin with a slash", pointer)
            shared = self._parameters(item.get("parameters"), f"{pointer}/parameters")
            for key, raw in item.items():
                if key.lower() in METHODS:
                    operation = self._operation(path, key, raw, item, shared, f"{pointer}/{key}")
                    if operation is not None:
                        yield operation

    def _operation(
        self,
        path: str,
        key: str,
        raw: Any,
        item: Mapping[str, Any],
        shared: Sequence[Parameter],
        pointer: str,
    ) -> Operation | None:
        if not isinstance(raw, dict):
            self.note("operation", f"{key.upper()} {path} is not an object; left out", pointer)
            return None
        own = self._parameters(raw.get("parameters"), f"{pointer}/parameters")
        parameters = self._merged(shared, own)
        return Operation(
            id=self._id(raw, key.upper(), path, pointer),
            method=key.upper(),
            path=path if path.startswith("/") else f"/{path}",
            pointer=pointer,
            raw=raw,
            parameters=parameters,
            responses=self._responses(raw, pointer),
            consumes=self._consumed(raw, parameters, pointer),
            produces=self._media_types(raw, "produces", pointer, self.produces),
            samples=self.samples.get(pointer, ()),
            path_raw=item,
        )

    def _id(self, raw: Mapping[str, Any], method: str, path: str, pointer: str) -> str:
        given = raw.get("operationId")
        wanted = given if isinstance(given, str) and given.strip() else f"{method} {path}"
        if wanted != given:
            self.note("operation-id", f"{wanted} has no operationId", pointer)
        if wanted in self.ids:
            self.note(
                "duplicate-operation-id",
                f"the operationId {wanted} is taken already; this one is {method} {path}",
                f"{pointer}/operationId",
            )
            wanted = f"{wanted} ({method} {path})"
        self.ids.add(wanted)
        return wanted

    def _parameters(self, raw: Any, pointer: str) -> list[Parameter]:
        if raw is None:
            return []
        if not isinstance(raw, list):
            self.note("parameters", "`parameters` is not a list; left out", pointer)
            return []
        found = (self._parameter(entry, f"{pointer}/{n}") for n, entry in enumerate(raw))
        return [parameter for parameter in found if parameter is not None]

    def _parameter(self, entry: Any, pointer: str) -> Parameter | None:
        raw = self._resolved(entry, pointer)
        if not isinstance(raw, dict):
            self.note("parameter", "this parameter is not an object; left out", pointer)
            return None
        name, location = raw.get("name"), raw.get("in")
        if not isinstance(name, str) or location not in _LOCATIONS:
            if raw or "$ref" not in entry:
                wrong = f"name {name!r}, in {location!r}"
                self.note(
                    "parameter", f"this parameter makes no sense ({wrong}); left out", pointer
                )
            return None
        return Parameter(
            name=name,
            location=location,
            required=location == "path" or raw.get("required") is True,
            schema=self._schema(raw, location, pointer),
            raw=raw,
            pointer=pointer,
        )

    def _schema(self, raw: Mapping[str, Any], location: str, pointer: str) -> Mapping[str, Any]:
        if location != "body":
            keywords = (k for k in raw if k not in _NOT_SCHEMA and not k.startswith("x-ms-"))
            return {keyword: raw[keyword] for keyword in keywords}
        schema = raw.get("schema")
        if isinstance(schema, dict):
            return schema
        self.note("parameter", "this body has no schema; anything fits", pointer)
        return {}

    def _merged(
        self, shared: Sequence[Parameter], own: Sequence[Parameter]
    ) -> tuple[Parameter, ...]:
        """Path-level parameters, overridden by the operation's own of that name and location."""
        merged = {(p.name, p.location): p for p in shared}
        seen: set[tuple[str, str]] = set()
        for parameter in own:
            key = (parameter.name, parameter.location)
            if key in seen:
                message = f"the {key[1]} parameter {key[0]} appears twice; the last one counts"
                self.note("duplicate-parameter", message, parameter.pointer)
            seen.add(key)
            merged[key] = parameter
        return tuple(merged.values())

    def _responses(self, raw: Mapping[str, Any], pointer: str) -> dict[str, ResponseSpec]:
        pointer = f"{pointer}/responses"
        responses = raw.get("responses")
        if not isinstance(responses, dict):
            self.note("responses", "this operation documents no responses", pointer)
            return {}
        specs: dict[str, ResponseSpec] = {}
        for status, entry in responses.items():
            if status.startswith("x-"):
                continue
            place = f"{pointer}/{escape(status)}"
            response = self._resolved(entry, place)
            if not isinstance(response, dict):
                self.note("response", f"the response {status} is not an object; left out", place)
                continue
            specs[status] = _response_spec(status, response, place)
        return specs

    def _consumed(
        self, raw: Mapping[str, Any], parameters: Sequence[Parameter], pointer: str
    ) -> tuple[str, ...]:
        """What an operation takes: an empty list means JSON, or a form where it has form fields."""
        listed = self._media_types(raw, "consumes", pointer, self.consumes)
        if listed:
            return listed
        forms = [p for p in parameters if p.location == "formData"]
        if not forms:
            return (_JSON,)
        return (_MULTIPART if any(p.raw.get("type") == "file" for p in forms) else _FORM,)

    def _media_types(
        self, raw: Mapping[str, Any], key: str, pointer: str, default: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        if key not in raw:
            return default
        listed = raw[key]
        if isinstance(listed, str):
            self.note("media-types", f"`{key}` should be a list, not text", f"{pointer}/{key}")
            return (listed,)
        if not isinstance(listed, list):
            return default
        return tuple(media_type for media_type in listed if isinstance(media_type, str))

    def _resolved(self, node: Any, pointer: str) -> Any:
        """Follow local references; one that leads nowhere or out of the file is noted, and `{}`."""
        seen: set[str] = set()
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            ref: str = node["$ref"]
            target = find(self.raw, ref) if ref.startswith("#") and ref not in seen else None
            if target is None:
                reason = "leads nowhere" if ref.startswith("#") else "is not in this file"
                self.note("reference", f"the reference {ref} {reason}; left out", pointer)
                return {}
            seen.add(ref)
            node = target
        return node


def _response_spec(status: str, raw: Mapping[str, Any], pointer: str) -> ResponseSpec:
    schema, headers, examples = raw.get("schema"), raw.get("headers"), raw.get("examples")
    return ResponseSpec(
        status=status,
        schema=schema if isinstance(schema, dict) else None,
        headers=headers if isinstance(headers, dict) else {},
        examples=examples if isinstance(examples, dict) else {},
        raw=raw,
        pointer=pointer,
    )
