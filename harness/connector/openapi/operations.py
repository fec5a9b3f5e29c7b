"""Paths and operations: request bodies, answers, and what Swagger 2.0 has no place for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from harness.connector.model import METHODS
from harness.connector.openapi.parameters import converted_parameters, form_fields, plain_type
from harness.connector.openapi.schemas import converted_schema
from harness.connector.openapi.security import requirements
from harness.connector.openapi.source import Source, extensions, mapping, title_of
from harness.connector.pointers import escape

__all__ = ["converted_paths"]

_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_RANGES = {"2XX": "200", "3XX": "302", "4XX": "400", "5XX": "500"}
_ID = re.compile(r"[A-Za-z0-9]+")


def converted_paths(source: Source, schemes: Mapping[str, str]) -> dict[str, Any]:
    """Every path with its operations; `schemes` are the kinds of the security schemes kept."""
    found: dict[str, Any] = {}
    taken: set[str] = set()
    for path, raw in mapping(source.document.get("paths")).items():
        if str(path).startswith("x-"):
            continue
        node, at = source.followed(raw, f"/paths/{escape(str(path))}")
        item: dict[str, Any] = extensions(node)
        shared = converted_parameters(source, node.get("parameters"), f"{at}/parameters")
        if shared:
            item["parameters"] = shared
        for key in ("summary", "description", "servers", "trace"):
            if node.get(key):
                source.lose(f"{key} of the path {path} is left out", at)
        for method in METHODS:
            if isinstance(node.get(method), Mapping):
                pointer = f"{at}/{method}"
                writer = _Operation(source, node[method], pointer, method, str(path), schemes)
                item[method] = writer.written(taken)
        found[str(path)] = item
    return found


class _Operation:
    """Writes one operation."""

    def __init__(
        self,
        source: Source,
        node: Mapping[str, Any],
        pointer: str,
        method: str,
        path: str,
        schemes: Mapping[str, str],
    ) -> None:
        self.source, self.node, self.pointer = source, node, pointer
        self.method, self.path, self.schemes = method, path, schemes

    def written(self, taken: set[str]) -> dict[str, Any]:
        """The operation; its id is added to those that are taken."""
        node = self.node
        name = self._id(taken)
        found: dict[str, Any] = {
            "operationId": name,
            "summary": str(node.get("summary") or title_of(name)),
        }
        for key in ("description", "tags", "deprecated", "externalDocs"):
            if node.get(key):
                found[key] = node[key]
        for key in ("callbacks", "servers"):
            if node.get(key):
                self.source.lose(f"{key} of {name} are left out", self.pointer)
        parameters = converted_parameters(
            self.source, node.get("parameters"), f"{self.pointer}/parameters"
        )
        body, consumes = self._body(name)
        if parameters or body:
            found["parameters"] = [*parameters, *body]
        if consumes:
            found["consumes"] = [consumes]
        responses, produces = self._responses(name)
        if produces:
            found["produces"] = produces
        found["responses"] = responses
        if "security" in node:
            at = f"{self.pointer}/security"
            found["security"] = requirements(self.source, node["security"], self.schemes, at)
        return found | extensions(node)

    def _id(self, taken: set[str]) -> str:
        """An id of letters, digits and underscores, as flows store it."""
        given = str(self.node.get("operationId") or "")
        words = _ID.findall(given or f"{self.method} {self.path}")
        plain = "_".join(words) if given else "".join(w[0].upper() + w[1:] for w in words)
        kept = given if re.fullmatch(r"[A-Za-z0-9_]+", given) else plain
        base = kept or self.method.capitalize()
        unique, count = base, 2
        while unique.lower() in taken:
            unique, count = f"{base}{count}", count + 1
        taken.add(unique.lower())
        if given and unique != given:
            self.source.lose(f"operationId {given} becomes {unique}", self.pointer)
        return unique

    def _body(self, name: str) -> tuple[list[dict[str, Any]], str | None]:
        node, at = self.source.followed(self.node.get("requestBody"), f"{self.pointer}/requestBody")
        content = mapping(node.get("content"))
        if not content:
            return [], None
        if self.method in ("get", "head"):
            message = f"the body of {name} is left out: {self.method.upper()} has none"
            self.source.lose(message, at)
            return [], None
        media = _chosen(content)
        self._say_others(name, "takes", media, content, at)
        place = f"{at}/content/{escape(media)}"
        inner = mapping(content[media])
        if inner.get("encoding"):
            self.source.lose(f"encoding of the body of {name} is left out", place)
        if media in (_FORM, _MULTIPART):
            fields = form_fields(
                self.source,
                inner.get("schema"),
                f"{place}/schema",
                multipart=media == _MULTIPART,
            )
            return fields, media
        return [self._body_parameter(node, media, inner, place)], _plain_media(media)

    def _body_parameter(
        self, node: Mapping[str, Any], media: str, inner: Mapping[str, Any], place: str
    ) -> dict[str, Any]:
        if _is_json(media):
            schema = converted_schema(self.source, inner.get("schema", {}), f"{place}/schema")
            example = _example(inner)
            if example is not None and "example" not in schema:
                schema = {"allOf": [schema]} if "$ref" in schema else dict(schema)
                schema["example"] = example
        else:
            text = media.startswith("text/") or media.endswith("xml")
            schema = {"type": "string"} | ({} if text else {"format": "binary"})
        found: dict[str, Any] = {
            "name": str(node.get("x-bodyName") or "body"),
            "in": "body",
            "required": node.get("required") is True,
            "schema": schema,
        }
        if node.get("description"):
            found["description"] = node["description"]
        return found

    def _responses(self, name: str) -> tuple[dict[str, Any], list[str]]:
        found: dict[str, Any] = {}
        produces: list[str] = []
        given = mapping(self.node.get("responses"))
        for status, raw in given.items():
            node, at = self.source.followed(raw, f"{self.pointer}/responses/{status}")
            code = str(status)
            if str(status).startswith("x-"):
                continue
            if code.upper() in _RANGES:
                code = _RANGES[code.upper()]
                if code in map(str, given):
                    self.source.lose(f"the answers {status} of {name} are left out", at)
                    continue
                self.source.lose(f"the answers {status} of {name} become {code}", at)
            found[code], media = self._response(name, code, node, at)
            produces += [media] if media else []
        found = found or {"default": {"description": "default"}}
        return found, list(dict.fromkeys(produces))

    def _response(
        self, name: str, code: str, node: Mapping[str, Any], at: str
    ) -> tuple[dict[str, Any], str | None]:
        found: dict[str, Any] = {"description": str(node.get("description") or _phrase(code))}
        if node.get("links"):
            self.source.lose(f"links of the {code} answer of {name} are left out", at)
        headers = {
            str(key): self._header(key, raw, at)
            for key, raw in mapping(node.get("headers")).items()
            if str(key).lower() != "content-type"
        }
        if headers:
            found["headers"] = headers
        content = mapping(node.get("content"))
        if not content:
            return found | extensions(node), None
        media = _chosen(content)
        self._say_others(name, f"answers {code} with", media, content, at)
        inner = mapping(content[media])
        if _is_json(media):
            place = f"{at}/content/{escape(media)}/schema"
            if "schema" in inner:
                found["schema"] = converted_schema(self.source, inner["schema"], place)
            example = _example(inner)
            if example is not None:
                found["examples"] = {_plain_media(media): example}
        elif media.startswith("text/") or media.endswith("xml"):
            found["schema"] = {"type": "string"}
        else:
            found["schema"] = {"type": "string", "format": "binary"}
        return found | extensions(node), _plain_media(media)

    def _header(self, key: Any, raw: Any, at: str) -> dict[str, Any]:
        place = f"{at}/headers/{escape(str(key))}"
        node, here = self.source.followed(raw, place)
        schema = node.get("schema", {"type": "string"})
        plain = plain_type(self.source, schema, f"{here}/schema", f"the header {key}")
        plain.pop("title", None)
        description = node.get("description") or plain.get("description")
        return plain | ({"description": description} if description else {})

    def _say_others(
        self, name: str, verb: str, media: str, content: Mapping[str, Any], at: str
    ) -> None:
        others = [other for other in content if other != media]
        alike = [o for o in others if _is_json(o) and _is_json(media)]
        lost = [other for other in others if other not in alike]
        if lost:
            message = f"{name} {verb} {', '.join(lost)} too; only {media} is taken"
            self.source.lose(message, at)


def _chosen(content: Mapping[str, Any]) -> str:
    """The media type that the platform deals with best: JSON, then forms, then the first."""
    ranked = sorted(content, key=lambda m: (not _is_json(m), m not in (_FORM, _MULTIPART)))
    exact = [media for media in content if _plain_media(media) == "application/json"]
    return exact[0] if exact else ranked[0]


def _is_json(media: str) -> bool:
    plain = _plain_media(media)
    return plain.endswith(("/json", "+json"))


def _plain_media(media: str) -> str:
    """Without parameters; `*/*`, which FastAPI and Springdoc write for JSON, is JSON."""
    plain = media.partition(";")[0].strip().lower()
    return "application/json" if plain in ("*/*", "application/*") else plain


def _example(inner: Mapping[str, Any]) -> Any:
    if "example" in inner:
        return inner["example"]
    first = next(iter(mapping(inner.get("examples")).values()), None)
    return mapping(first).get("value")


def _phrase(code: str) -> str:
    try:
        return HTTPStatus(int(code)).phrase
    except ValueError:
        return "The answer" if code == "default" else code
