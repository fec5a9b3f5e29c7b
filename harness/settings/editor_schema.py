"""The JSON Schema of the settings file, for editors (taplo, Even Better TOML).

Made from the settings' own fields; the package ships it as `connector-harness.schema.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING
from datetime import date
from importlib import resources
from typing import Any, Literal, get_args, get_origin

from harness.settings import values
from harness.settings.building import LEVELS, TOP_MEANINGS
from harness.settings.keys import keys_of
from harness.settings.reading import bare_type

__all__ = ["SCHEMA_FILE", "schema_text_shipped", "settings_schema"]

SCHEMA_FILE = "connector-harness.schema.json"
DRAFT = "http://json-schema.org/draft-07/schema#"
TEXT: dict[str, Any] = {"type": "string"}
TEXTS: dict[str, Any] = {"anyOf": [{"type": "array", "items": TEXT}, TEXT]}
"""A list of texts; a text is one of several, separated by commas."""
SCALARS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean"]},
}
STATUS: dict[str, Any] = {"type": "integer", "minimum": 100, "maximum": 599}
STATUSES: dict[str, Any] = {"anyOf": [STATUS, {"type": "array", "items": STATUS}]}
SECTIONS: Mapping[str, type[Any]] = {
    "entra": values.EntraSettings,
    "gateway": values.GatewaySettings,
    "webhooks": values.WebhookSettings,
    "anonymous": values.AnonymousSettings,
    "tokens": values.TokenSettings,
    "delegated": values.DelegatedSettings,
    "contract": values.ContractSettings,
    "cassettes": values.CassetteSettings,
    "redact": values.RedactSettings,
}


def settings_schema() -> dict[str, Any]:
    """The schema of `connector-harness.toml`."""
    top = {key: {**_top(key), "description": told} for key, told in TOP_MEANINGS.items()}
    own = {key: {"$ref": f"#/properties/{key}"} for key in top if key != "connectors"}
    row = {"name": TEXT, "function-app": TEXT, **own}
    top["connectors"] |= {"type": "array", "items": _table(row, ["name"])}
    return {"$schema": DRAFT, "title": "connector-harness settings", **_table(top)}


def schema_text_shipped() -> str:
    """The schema as the package ships it."""
    return (resources.files("harness.settings") / SCHEMA_FILE).read_text(encoding="utf-8")


def _top(key: str) -> dict[str, Any]:
    if key in SECTIONS:
        return _section(SECTIONS[key])
    special: Mapping[str, dict[str, Any]] = {
        "tests": TEXTS,
        "sign-in": {"enum": list(values.SIGN_IN_FLOWS)},
        "writes": {"enum": list(values.WRITES)},
        "targets": {"type": "object", "additionalProperties": TEXT},
        "users": {"type": "object", "additionalProperties": _section(values.UserSettings)},
        "connection": SCALARS,
        "operations": {
            "type": "object",
            "additionalProperties": _section(values.OperationSettings),
        },
        "report": _table({"bodies": {"enum": ["full", "shape"]}}),
        "rules": {"type": "object", "additionalProperties": {"enum": list(LEVELS)}},
        "easy-auth": _table({"settings": TEXT}),
        "definition": _table({"agent": {"type": "boolean"}, "certification": {"type": "boolean"}}),
        "waivers": {"type": "array", "items": _section(values.Waiver)},
        "connectors": {},
    }
    return dict(special.get(key, TEXT))


def _section(kind: type[Any]) -> dict[str, Any]:
    keys = keys_of(kind)
    known = {k.name: {**_of_type(k.name, k.kind), "description": k.meaning} for k in keys}
    return _table(known, [k.name for k in keys if k.default is MISSING])


def _table(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    table = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**table, "required": required} if required else table


def _of_type(name: str, kind: Any) -> dict[str, Any]:
    bare = bare_type(kind)
    origin, inner = get_origin(bare), get_args(bare)
    if name == "identity":
        return {"anyOf": [{"const": "none"}, {"type": "array", "items": _identity()}]}
    if name == "access":
        return {"type": "array", "items": _access()}
    if bare is bool:
        return {"type": "boolean"}
    if bare is int:
        return {"type": "integer", "minimum": 0}
    if bare is date:
        return {"type": "string", "format": "date"}
    if bare is Any:
        return {}
    if origin is Literal:
        return {"enum": list(inner)}
    if origin is tuple:
        return dict(TEXTS)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return dict(SCALARS) if inner[1] is values.Deferred else {"type": "object"}
    return dict(TEXT)


def _identity() -> dict[str, Any]:
    return _table({"operation": TEXT, "pointer": TEXT, "claim": TEXT}, ["operation"])


def _access() -> dict[str, Any]:
    body = _table(
        {
            "status": STATUSES,
            "contains": TEXTS,
            "not-contains": TEXTS,
            "pointer": TEXT,
            "value": {},
        }
    )
    expect = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"anyOf": [*STATUSES["anyOf"], body]},
    }
    row = {"operation": TEXT, "parameters": {"type": "object"}, "body": {}, "expect": expect}
    return _table(row, ["operation", "expect"])
