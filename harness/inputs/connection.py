"""How the connector signs in, operation by operation, and what its connections hold.

A connection is what the platform keeps for a user: a value for each entry of
`connectionParameters` (or of the chosen set of `connectionParameterSets`), or an OAuth token. The
definition's security says where a key or a password goes: exactly one way for each operation
(Swagger 2.0, "Security Requirement Object": alternatives are or, entries of one are and).

Values that are secret or differ from user to user never stand in a request: `{connection:NAME}`
stands for them until it is sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from harness.connector.model import Operation
from harness.connector.properties import connection_parameters, has_oauth
from harness.exchanges.context import RunContext
from harness.settings.values import Deferred

__all__ = [
    "Credential",
    "connection_values",
    "credentials_of",
    "missing_connection",
    "signs_in_by_entra",
    "signs_in_elsewhere",
    "uses_tokens",
]

ENTRA_PROVIDERS = ("aad", "aadcertificate")
MICROSOFT_HOSTS = (
    "login.microsoftonline.",
    "login.windows.net",
    "login.microsoft.com",
    ".b2clogin.com",
    ".ciamlogin.com",
    "login.chinacloudapi.cn",
)
USERNAMES = ("username", "user", "login", "email", "accountid", "apiuser")
PASSWORDS = ("password", "secret", "api_key", "apikey", "token")


@dataclass(frozen=True, slots=True)
class Credential:
    """One thing that a connection gives to a call.

    `scheme` is the name in the definition; a key goes into the header or query parameter `name`;
    `entries` are the connection entries it is made of (user name and password for `basic`).
    """

    kind: Literal["key", "basic", "bearer"]
    scheme: str
    location: Literal["header", "query"]
    name: str
    entries: tuple[str, ...]

    @property
    def template(self) -> str:
        """The value with placeholders for what the connection holds."""
        if self.kind == "bearer":
            return "Bearer {token}"
        if self.kind == "basic":
            return f"Basic {{basic:{':'.join(self.entries)}}}"
        return f"{{connection:{self.entries[0]}}}"


BEARER = Credential("bearer", "oauth2", "header", "Authorization", ())
"""A token of a provider that this program knows nothing of."""


def uses_tokens(context: RunContext, operation: Operation | None = None) -> bool:
    """Whether calls carry an OAuth token: the operation's, or those of any operation (None)."""
    if operation is None:
        return any(uses_tokens(context, each) for each in context.connector.operations) or not (
            context.connector.operations
        )
    if context.connector.properties is not None and has_oauth(
        context.connector.properties, context.settings.connection.chosen_set
    ):
        return True
    schemes = _schemes(context, operation)
    if schemes:
        return _has_oauth2(schemes) or not (credentials_of(context, operation) or _by_key(context))
    return not _by_key(context)


def signs_in_elsewhere(context: RunContext) -> bool:
    """Whether tokens come from another provider than Entra ID, handed in by the settings.

    Nothing is known of such tokens: they may be no JWT, and nobody can ask for another one.
    """
    entra, properties = context.settings.entra, context.connector.properties
    if entra.tenant_id or entra.client_id:
        return False
    if properties is not None:
        if not has_oauth(properties, context.settings.connection.chosen_set):
            return False
        provider = properties.identity_provider or ""
        return provider.lower() not in ENTRA_PROVIDERS and not _names_microsoft(properties.raw)
    schemes = context.connector.raw.get("securityDefinitions")
    by_oauth = isinstance(schemes, Mapping) and any(
        isinstance(s, Mapping) and str(s.get("type", "")).lower() == "oauth2"
        for s in schemes.values()
    )
    return by_oauth and not _names_microsoft(schemes)


def _names_microsoft(document: Any) -> bool:
    """Whether sign-in addresses of a document are Microsoft's."""
    text = json.dumps(document, default=str).lower()
    return any(host in text for host in MICROSOFT_HOSTS)


def signs_in_by_entra(context: RunContext, operation: Operation | None = None) -> bool:
    """Whether calls carry a token of Entra ID (or of an authority that speaks like it)."""
    return uses_tokens(context, operation) and not signs_in_elsewhere(context)


def credentials_of(context: RunContext, operation: Operation | None) -> tuple[Credential, ...]:
    """The keys and passwords that the platform adds to a call; none for OAuth tokens."""
    properties = context.connector.properties
    if signs_in_elsewhere(context):
        return (BEARER,)
    if properties is not None and has_oauth(properties, context.settings.connection.chosen_set):
        return ()
    if _signs_in_by_settings(context):
        return ()
    return tuple(_credentials(context, _schemes(context, operation)))


def connection_values(context: RunContext) -> dict[str, str]:
    """What `@connectionParameters('name')` gives: plain values, or placeholders for the rest.

    Values that all connections share are plain unless they come from the environment; those of a
    user are placeholders, but for texts that are no secret, where the default user's stand.
    """
    settings = context.settings
    found: dict[str, str] = {}
    plain_types = _plain_entries(context)
    for name, value in _default_users(context).items():
        secret = bool(value.names) or name not in plain_types
        found[name] = f"{{connection:{name}}}" if secret else value.resolve()
    for name, value in settings.connection.values.items():
        found[name] = f"{{connection:{name}}}" if value.names else value.resolve()
    return found


def missing_connection(context: RunContext, operation: Operation) -> str | None:
    """The line of settings that an operation's credentials lack, or None where nothing is lacking.

    A user's own entry or a shared one will do.
    """
    user = context.settings.default_user or "alice"
    if signs_in_elsewhere(context):
        known_user = context.settings.users.get(user)
        if known_user is not None and (known_user.token or known_user.token_command):
            return None
        return f'[users.{user}] token = "${{{user.upper()}_TOKEN}}" (or token-command)'
    known = {*_default_users(context), *context.settings.connection.values}
    lacking = [
        entry
        for credential in credentials_of(context, operation)
        for entry in credential.entries
        if entry not in known
    ]
    if not lacking:
        return None
    rows = ", ".join(f'{entry} = "${{{user.upper()}_{entry.upper()}}}"' for entry in lacking)
    return f"[users.{user}] connection = {{ {rows} }}"


def _schemes(context: RunContext, operation: Operation | None) -> dict[str, Mapping[str, Any]]:
    """The security schemes of the first alternative that the settings have values for."""
    raw = context.connector.raw
    declared = raw.get("securityDefinitions")
    declared = declared if isinstance(declared, Mapping) else {}
    required = raw.get("security")
    if operation is not None and isinstance(operation.raw.get("security"), list):
        required = operation.raw["security"]
    alternatives = [
        {name: declared[name] for name in each if isinstance(declared.get(name), Mapping)}
        for each in (required if isinstance(required, list) else [])
        if isinstance(each, Mapping)
    ]
    if not alternatives_in(required) and len(declared) == 1:
        # The wizard writes one scheme and applies it to every operation.
        alternatives = [{n: s for n, s in declared.items() if isinstance(s, Mapping)}]
    alternatives = [each for each in alternatives if each]
    known = {*_default_users(context), *context.settings.connection.values}
    for each in alternatives:
        entries = [e for c in _credentials(context, each) for e in c.entries]
        if entries and all(entry in known for entry in entries):
            return dict(each)
    return dict(alternatives[0]) if alternatives else {}


def alternatives_in(required: Any) -> bool:
    """Whether a security requirement names any scheme."""
    return isinstance(required, list) and any(isinstance(r, Mapping) and r for r in required)


def _credentials(
    context: RunContext, schemes: Mapping[str, Mapping[str, Any]]
) -> Iterator[Credential]:
    for name, scheme in schemes.items():
        kind = str(scheme.get("type", "")).lower()
        if kind == "apikey":
            where: Literal["header", "query"] = (
                "query" if str(scheme.get("in", "")).lower() == "query" else "header"
            )
            entry = _key_entry(context, name)
            yield Credential("key", name, where, str(scheme.get("name") or name), (entry,))
        elif kind == "basic":
            yield Credential("basic", name, "header", "Authorization", _basic_entries(context))


def _key_entry(context: RunContext, scheme: str) -> str:
    """The connection entry that holds a scheme's key.

    One named like the scheme, else the one secret among the parameters, else `api_key`, which is
    what the custom connector wizard calls it.
    """
    given = {*_default_users(context), *context.settings.connection.values}
    if scheme in given:
        return scheme
    parameters = _parameters(context)
    secret = [name for name, kind in parameters.items() if kind == "securestring"]
    if scheme in parameters:
        return scheme
    if len(secret) == 1:
        return secret[0]
    if "api_key" in secret or "api_key" in given or not parameters:
        return "api_key" if "api_key" in {*secret, *given} else scheme
    return secret[0] if secret else scheme


def _basic_entries(context: RunContext) -> tuple[str, str]:
    parameters = _parameters(context)
    given = {*_default_users(context), *context.settings.connection.values}
    names = [*parameters, *given]
    user = _first(names, USERNAMES) or _first_of(parameters, "string") or "username"
    rest = [name for name in names if name != user]
    password = _first(rest, PASSWORDS)
    if password is None:
        secret = [name for name in rest if parameters.get(name) == "securestring"]
        password = secret[0] if secret else "password"
    return user, password


def _first(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    by_lower = {name.lower(): name for name in names}
    return next((by_lower[name] for name in wanted if name in by_lower), None)


def _first_of(parameters: Mapping[str, str], kind: str) -> str | None:
    return next((name for name, own in parameters.items() if own == kind), None)


def _parameters(context: RunContext) -> dict[str, str]:
    properties = context.connector.properties
    if properties is None:
        return {}
    return connection_parameters(properties, context.settings.connection.chosen_set)


def _plain_entries(context: RunContext) -> set[str]:
    return {name for name, kind in _parameters(context).items() if kind == "string"}


def _default_users(context: RunContext) -> Mapping[str, Deferred]:
    name = context.settings.default_user
    return {} if name is None else context.settings.users[name].connection


def _has_oauth2(schemes: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(str(s.get("type", "")).lower() == "oauth2" for s in schemes.values())


def _by_key(context: RunContext) -> bool:
    """Whether the settings or the properties give connections values instead of a sign-in."""
    settings = context.settings
    if any(user.connection for user in settings.users.values()):
        return not _signs_in_by_settings(context)
    properties = context.connector.properties
    return bool(_parameters(context)) and properties is not None and not settings.entra.scope


def _signs_in_by_settings(context: RunContext) -> bool:
    """Whether the settings say that users sign in, whatever the definition says of keys."""
    settings = context.settings
    signs_in = any(
        user.username or user.token or user.token_command or user.sign_in
        for user in settings.users.values()
    )
    return signs_in and not any(user.connection for user in settings.users.values())
