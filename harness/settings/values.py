"""One frozen `Settings`, made once from command line, environment and file.

Precedence: command line, then environment (`CONNECTOR_HARNESS_ENTRA__TENANT_ID`), then file. This
module holds the values and their meaning; `harness.settings.file` reads and checks them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from harness.errors import SettingsError
from harness.settings.keys import key
from harness.settings.shard import Shard

__all__ = [
    "AccessRow",
    "AnonymousSettings",
    "BodyExpectation",
    "CassetteSettings",
    "ConnectionSettings",
    "ConnectorEntry",
    "ContractSettings",
    "Deferred",
    "DelegatedSettings",
    "EntraSettings",
    "GatewaySettings",
    "IdentityPointer",
    "OperationSettings",
    "RedactSettings",
    "Settings",
    "UserSettings",
    "Waiver",
    "WebhookSettings",
]

SignInFlow = Literal["auto", "device-code", "interactive", "password", "cache", "app"]
Writes = Literal["none", "examples", "all"]
CassetteMode = Literal["off", "record", "replay"]

SIGN_IN_FLOWS = ("auto", "device-code", "interactive", "password", "cache")
USER_FLOWS = (*SIGN_IN_FLOWS, "app")
WRITES = ("none", "examples", "all")
CASSETTE_MODES = ("off", "record", "replay")
DEFAULT_AUTHORITY = "https://login.microsoftonline.com"

_REFERENCE = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Deferred:
    """A text whose `${NAME}` parts are taken from the environment only when it is needed.

    `where` names the setting for the error message. `literal` values (from the demo or the
    environment itself) are not shown by `repr` either.
    """

    template: str = field(repr=False)
    where: str = ""

    def resolve(self) -> str:
        """The text with every `${NAME}` replaced and `$$` turned into a dollar.

        Raises:
            SettingsError: a named variable is not set; the message names it and the setting.
        """
        return expand(self.template, self.where)

    @property
    def names(self) -> tuple[str, ...]:
        """The environment variables it refers to."""
        return tuple(name for name in _REFERENCE.findall(self.template) if name)


def expand(text: str, where: str) -> str:
    """Replace `${NAME}` by the environment's value and `$$` by a dollar.

    Raises:
        SettingsError: a named variable is not set.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name is None:
            return "$"
        if name not in os.environ:
            raise SettingsError(
                f"{where}: the environment variable {name} is not set; set it or change the setting"
            )
        return os.environ[name]

    return _REFERENCE.sub(value, text)


@dataclass(frozen=True, slots=True)
class EntraSettings:
    """`[entra]`: the tenant, and the clients and API registration that calls are made with."""

    tenant_id: str | None = key("tenant, by id or domain", None)
    client_id: str | None = key("the client that signs users in", None)
    client_secret: Deferred | None = key("its secret; not with device code or interactive", None)
    client_certificate: str | None = key("or its certificate (PFX or PEM file)", None)
    client_certificate_password: Deferred | None = key("the certificate's password", None)
    connector_client_id: str | None = key(
        "the connector's own registration (default: apiProperties.json)", None
    )
    connector_client_secret: Deferred | None = key("its secret, to test that it still works", None)
    api_client_id: str | None = key(
        "the API's registration, as App Service Authentication names it", None
    )
    scope: str | None = key("the scope to ask for (default: resourceUri/user_impersonation)", None)
    authority: str = key("sign-in host; another for sovereign clouds", DEFAULT_AUTHORITY)
    ca_bundle: Path | None = key("extra CA for authority and app", None)
    sign_in_hosts: tuple[str, ...] = key("further host names of the same authority", ())


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """`[connection]`: values that all users' connections share.

    `chosen_set` is the name of a connection parameter set (`set` in the file).
    """

    values: Mapping[str, Deferred] = key(
        'values that all connections share: `region = "eu"`', factory=dict
    )
    chosen_set: str | None = key("a connection parameter set by name", None, name="set")


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """`[gateway]`: headers that something in front of the app needs from every caller."""

    headers: Mapping[str, Deferred] = key(
        "headers that go with every call of every caller", factory=dict
    )


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """`[webhooks]`: the URL under which the app can reach us."""

    callback: str | None = key("the URL under which the app can reach us", None)


@dataclass(frozen=True, slots=True)
class UserSettings:
    """`[users.NAME]`: somebody who signs in; without a password, not by ROPC.

    `sees` names the users whose data this one may see besides their own, or "everyone".
    `connection` holds values of the connector's connection parameters that are this user's own.
    """

    name: str
    username: str | None = key("sign-in name", None)
    password: Deferred | None = key("absent: no ROPC", None)
    sign_in: SignInFlow | None = key("flow of this user alone", None)
    token: Deferred | None = key("a token from elsewhere", None)
    token_command: str | None = key("a command that prints a token; run without a shell", None)
    sees: tuple[str, ...] = key(
        "whose data this user may see besides their own: users, or `everyone`", ()
    )
    connection: Mapping[str, Deferred] = key(
        'this user\'s connection values: `{ api_key = "${ALICE_KEY}" }`', factory=dict
    )


@dataclass(frozen=True, slots=True)
class AnonymousSettings:
    """`[anonymous]`: how calls without a token are to be refused, and what is open on purpose."""

    expect: Literal["refused", "401", "redirect", "403", "404"] = key(
        "how calls without a token are refused", "refused"
    )
    public: tuple[str, ...] = key("operations that are open on purpose", ())
    enforced_by: Literal["platform", "app"] = key(
        "`app` where the function itself checks tokens", "platform"
    )


@dataclass(frozen=True, slots=True)
class IdentityPointer:
    """Where a response says whom the function ran as: operation, JSON pointer, claim to compare."""

    operation: str
    pointer: str
    claim: str


@dataclass(frozen=True, slots=True)
class BodyExpectation:
    """What a caller's answer must hold and may not hold; texts are compared whatever their case.

    With a `pointer` (RFC 6901), `value` is what must stand there.
    """

    contains: tuple[str, ...] = ()
    not_contains: tuple[str, ...] = ()
    pointer: str | None = None
    value: Any = None


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One row of the access table: a call, and the statuses that each caller must get.

    `bodies` holds what is expected of the body, for the callers whose body is judged.
    """

    operation: str
    expect: Mapping[str, tuple[int, ...]]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    has_body: bool = False
    bodies: Mapping[str, BodyExpectation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DelegatedSettings:
    """`[delegated]`: proofs of identity, private operations, the access table.

    `identity` None means the proof is given up openly (`identity = "none"` in the file); empty
    means that nothing is configured.
    """

    identity: tuple[IdentityPointer, ...] | None = key(
        "where an answer says whom the function ran as; `none` gives it up", ()
    )
    private: tuple[str, ...] = key("operations whose answers belong to the caller alone", ())
    app_identities: tuple[str, ...] = key("identities that are the app's own", ())
    access: tuple[AccessRow, ...] = key(
        "the access table: operation, parameters, body, expect (statuses, or a table with "
        "`status`, `contains`, `not-contains`, `pointer` and `value`)",
        (),
    )


@dataclass(frozen=True, slots=True)
class OperationSettings:
    """`[operations.ID]`: real values for a call, and whether it may be sent freely."""

    parameters: Mapping[str, Any] = key("real values, name → value", factory=dict)
    body: Any = key("a real body", None)
    has_body: bool = False
    safe: bool = key("changes nothing: may be sent freely", False)


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """`[tokens]`: what the app is meant to accept beyond delegated tokens of the scope.

    `accept_app_only` and `accept_any_scope` say that the app admits such tokens on purpose;
    `keep_expired` opts in to keeping today's access token until it serves as an expired one.
    `other_scope` is a scope of another API, whose token must not be accepted.
    """

    accept_app_only: bool = key("app-only tokens are admitted on purpose", False)
    accept_any_scope: bool = key("tokens of other scopes are admitted on purpose", False)
    keep_expired: bool = key("keep today's token until it serves as an expired one", False)
    other_scope: str | None = key("a scope of another API, whose token must be refused", None)


@dataclass(frozen=True, slots=True)
class ContractSettings:
    """`[contract]`: how strictly responses are judged, and the app's own list of routes."""

    strict_responses: bool = key("declared properties must be there, others must not", False)
    inventory: str | None = key("the app's own list of routes: URL, file, or source folder", None)


@dataclass(frozen=True, slots=True)
class CassetteSettings:
    """`[cassettes]`: the age in days past which recordings are stale, and what stale then means."""

    max_age_days: int = key("days after which a recording is stale", 30)
    stale: Literal["warning", "unverified"] = key(
        "what stale means: warning or unverified", "warning"
    )
    normalise: bool = key("fix dates and trace ids in recordings", False)


@dataclass(frozen=True, slots=True)
class RedactSettings:
    """`[redact]`: what recordings and reports hide beyond the built-in list."""

    identities: bool = key("users' names, ids and tenant become stand-ins", True)
    headers: tuple[str, ...] = key("more headers to hide", ())
    pointers: tuple[str, ...] = key("JSON pointers to hide in bodies", ())
    patterns: tuple[str, ...] = key("regular expressions to hide", ())


@dataclass(frozen=True, slots=True)
class Waiver:
    """An accepted deviation: shown, counted, and expired after `until` (inclusive)."""

    rule: str = key("the rule's id")
    reason: str = key("why it is accepted")
    until: date = key("last day of the waiver")
    operation: str | None = key("only for this operation", None)
    match: str | None = key("only where the message contains this text", None)


@dataclass(frozen=True, slots=True)
class ConnectorEntry:
    """One of many connectors in a run; `overrides` holds the keys that differ from the shared."""

    name: str
    function_app: str | None
    connector: str | None
    overrides: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a run knows beforehand. Paths are absolute; `root` is pytest's root folder."""

    root: Path
    target_name: str
    target_url: str
    config_file: Path | None = None
    connector: Path | None = None
    properties: Path | None = None
    baseline: str | None = None
    tests: tuple[str, ...] = ()
    operations_selected: tuple[str, ...] = ()
    shard: Shard | None = None
    sign_in: SignInFlow = "auto"
    cassettes_mode: CassetteMode = "off"
    cassette_dir: Path = Path("cassettes")
    report_dir: Path = Path("reports")
    writes: Writes = "examples"
    seed: int = 0
    examples: int = 20
    concurrency: int = 8
    har: bool = False
    entra: EntraSettings = field(default_factory=EntraSettings)
    users: Mapping[str, UserSettings] = field(default_factory=dict)
    connection: ConnectionSettings = field(default_factory=ConnectionSettings)
    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
    anonymous: AnonymousSettings = field(default_factory=AnonymousSettings)
    tokens: TokenSettings = field(default_factory=TokenSettings)
    delegated: DelegatedSettings = field(default_factory=DelegatedSettings)
    operations: Mapping[str, OperationSettings] = field(default_factory=dict)
    contract: ContractSettings = field(default_factory=ContractSettings)
    cassettes: CassetteSettings = field(default_factory=CassetteSettings)
    redact: RedactSettings = field(default_factory=RedactSettings)
    bodies: Literal["full", "shape"] = "full"
    waivers: tuple[Waiver, ...] = ()
    levels: Mapping[str, str] = field(default_factory=dict)
    easy_auth: Path | None = None
    certification: bool = False
    agent: bool = False
    targets: Mapping[str, str] = field(default_factory=dict)
    connectors: tuple[ConnectorEntry, ...] = ()
    row: str | None = None
    symbolic_origin: str | None = None
    given_options: tuple[str, ...] = ()
    plain: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_demo(self) -> bool:
        """Whether the target is the embedded emulator."""
        return self.target_name == "demo"

    @property
    def recorded_as(self) -> str:
        """The folder of this connector's recordings: a row's name, else the target's."""
        return self.row or self.target_name

    def signs_in_as_app(self, user: str) -> bool:
        """Whether a user of the settings stands for an app without a user."""
        known = self.users.get(user)
        return known is not None and known.sign_in == "app"

    @property
    def default_user(self) -> str | None:
        """The first user of the settings, or None."""
        return next(iter(self.users), None)

    def operation_settings(self, operation_id: str) -> OperationSettings:
        """What `[operations.ID]` says; defaults where it says nothing."""
        return self.operations.get(operation_id) or OperationSettings()
