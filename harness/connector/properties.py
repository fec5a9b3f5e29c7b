"""Reading `apiProperties.json`: how the connector signs in, and which policies change its calls.

Keys are compared without regard to case, because published files differ (`ResourceUri`,
`oauthSettings`). Placeholders such as `<<client id>>` are kept as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.connector.model import Properties
from harness.connector.reading import read_object

__all__ = [
    "connection_parameters",
    "expected_scope",
    "has_oauth",
    "is_placeholder",
    "load_properties",
]

_AAD = ("aad", "aadcertificate")
_PLACEHOLDER = re.compile(r"<<|\[\[|\{\{|^\s*@|^\s*<|^\s*$")
_OPENID_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})


def load_properties(path: Path, script: Path | None = None) -> Properties:
    """Read an `apiProperties.json`; `script` is the connector's `script.csx` where there is one.

    Raises:
        DefinitionError: the file cannot be read; one line with file, line, column and remedy.
    """
    document = read_object(path, "apiProperties")
    raw = document.data
    body = _object(_get(raw, "properties")) or raw
    oauth = _sign_in_settings(body)
    custom = _object(_get(oauth, "customParameters"))
    operations = _get(body, "scriptOperations")
    policies = _get(body, "policyTemplateInstances")
    return Properties(
        path=path,
        raw=raw,
        identity_provider=_text(_get(oauth, "identityProvider")),
        client_id=_text(_get(oauth, "clientId")),
        resource_uri=_text(_value(custom, "resourceUri")),
        tenant_id=_text(_value(custom, "tenantId")),
        login_uri=_text(_value(custom, "loginUri")),
        scopes=_texts(_get(oauth, "scopes")),
        redirect_mode=_text(_get(oauth, "redirectMode")),
        redirect_url=next(iter(_texts(_get(oauth, "redirectUrl"))), None),
        policies=tuple(p for p in policies if isinstance(p, dict))
        if isinstance(policies, list)
        else (),
        has_script=script is not None or bool(_texts(operations)),
        script_operations=_texts(operations),
        locate=document.locate,
    )


def expected_scope(properties: Properties) -> str | None:
    """The delegated scope that a token for this connector's API is asked with, or None.

    The file's own `scopes` where there are any (bare names belong to the resource, and mean nothing
    to Entra ID without one), else `user_impersonation` of the resource. Entra ID takes everything
    before the last slash for the resource, so the slash that ends a `resourceUri` is kept:
    `https://x/` asks for `https://x//user_impersonation` (Microsoft identity platform, "Scopes and
    permissions"). None where the file leaves the resource open.
    """
    resource = properties.resource_uri
    usable = resource is not None and not is_placeholder(resource)
    given = [scope for text in properties.scopes for scope in re.split(r"[\s,]+", text) if scope]
    wanted = [scope for scope in given if scope.lower() not in _OPENID_SCOPES]
    if any(is_placeholder(scope) or not (usable or "/" in scope) for scope in wanted):
        wanted = []
    if not wanted:
        return f"{resource}/user_impersonation" if usable else None
    return " ".join(s if "/" in s else f"{resource}/{s}" for s in wanted)


def is_placeholder(text: str) -> bool:
    """Whether a value waits to be filled in: `<<..>>`, `[[..]]`, `{{..}}`, `@expression`, empty."""
    return _PLACEHOLDER.search(text) is not None


def _sign_in_settings(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The OAuth settings of the connection, Entra ID's before others; `{}` where there are none."""
    found = list(_oauth_settings(body))
    for settings in found:
        if str(_get(settings, "identityProvider") or "").lower() in _AAD:
            return settings
    return found[0] if found else {}


def _oauth_settings(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """OAuth settings of the connection parameters, then of the connection parameter sets."""
    groups = [_object(_get(body, "connectionParameters"))]
    sets = _get(_object(_get(body, "connectionParameterSets")), "values")
    for entry in sets if isinstance(sets, list) else []:
        groups.append(_object(_get(_object(entry), "parameters")))
    for group in groups:
        for parameter in group.values():
            settings = _object(_get(_object(parameter), "oAuthSettings"))
            if settings:
                yield settings


def _get(mapping: Mapping[str, Any], key: str) -> Any:
    """A value by key without regard to case; the exact key first."""
    if key in mapping:
        return mapping[key]
    wanted = key.lower()
    return next((value for name, value in mapping.items() if name.lower() == wanted), None)


def _value(custom: Mapping[str, Any], key: str) -> Any:
    """A custom parameter: `{"value": ...}` as documented, or the bare value."""
    entry = _get(custom, key)
    return _get(entry, "value") if isinstance(entry, dict) else entry


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _texts(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    return tuple(text for text in listed if isinstance(text, str))


def connection_parameters(properties: Properties, chosen_set: str | None = None) -> dict[str, str]:
    """Name → type in lower case of what a connection holds, of the chosen parameter set."""
    body = _object(_get(properties.raw, "properties")) or properties.raw
    named = _object(_get(body, "connectionParameters"))
    sets = _get(_object(_get(body, "connectionParameterSets")), "values")
    rows = [_object(row) for row in sets] if isinstance(sets, list) else []
    wanted = [r for r in rows if str(_get(r, "name") or "").lower() == (chosen_set or "").lower()]
    for row in wanted or ([] if named else rows)[:1]:
        named = _object(_get(row, "parameters"))
    return {
        name: str(_get(_object(parameter), "type") or "string").lower()
        for name, parameter in named.items()
        if not name.lower().startswith("token:")
    }


def set_names(properties: Properties) -> tuple[str, ...]:
    """The names of the connection parameter sets; () where there are none."""
    body = _object(_get(properties.raw, "properties")) or properties.raw
    sets = _get(_object(_get(body, "connectionParameterSets")), "values")
    rows = [_object(row) for row in sets] if isinstance(sets, list) else []
    return tuple(str(name) for row in rows if (name := _get(row, "name")))


def has_oauth(properties: Properties, chosen_set: str | None = None) -> bool:
    """Whether connections of the chosen parameter set sign in by OAuth."""
    return "oauthsetting" in connection_parameters(properties, chosen_set).values()
