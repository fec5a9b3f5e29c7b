"""The app's own authentication settings (`authsettingsV2`), in whatever shape a tool printed them.

One reader for `az webapp auth show` with and without the authV2 extension, ARM templates and Bicep
output (nested resources, symbolic names, deployments in deployments), resource exports, lists, and
file-based configuration. ARM expressions (`[parameters('x')]`) and references to app settings
(`%NAME%`) are unknown values. Source: App Service, "Microsoft.Web sites/config authsettingsV2" and
"File-based configuration".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.bounds.urls import split_url
from harness.connector.reading import read_document
from harness.errors import DefinitionError, SettingsError

__all__ = [
    "AuthSettings",
    "auth_settings_in",
    "issuer_tenant",
    "read_auth_settings",
    "token_version",
]

UPGRADE = "az webapp auth config-version upgrade --name NAME --resource-group GROUP"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_ENTRA_HOSTS = re.compile(
    r"(login\.microsoftonline\.(com|us|de)|login\.windows\.net|login\.microsoft\.com"
    r"|sts\.windows\.net|login\.partner\.microsoftonline\.cn|login\.chinacloudapi\.cn"
    r"|.+\.b2clogin\.(com|cn|us)|.+\.ciamlogin\.com)(:\d+)?",
    re.I,
)
_EXPRESSION = re.compile(r"\[(?!\[).*\]|%[A-Za-z_][A-Za-z0-9_]*%|.*\$\{[^}]+\}.*", re.S)
_V1_KEYS = frozenset(
    {"unauthenticatedclientaction", "defaultprovider", "tokenstoreenabled", "allowedaudiences"}
)
_V2_KEYS = ("globalvalidation", "identityproviders")
_WRAPPERS = ("properties", "value", "authsettingsv2", "template", "siteconfig", "data")


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """What the settings say. None: not said, or an expression whose value is not known here.

    `audiences` are `allowedAudiences` alone; `clients`, `identities` and `groups` are allow-lists,
    where an empty one permits nobody; `excluded` are paths that need no sign-in;
    `api_prefix` is where the module has its own addresses in place of `/.auth`; `other_providers`
    tells whether another provider than Microsoft's is enabled.
    """

    enabled: bool | None = None
    required: bool | None = None
    action: str | None = None
    provider_enabled: bool | None = None
    other_providers: bool = False
    client_id: str | None = None
    issuer: str | None = None
    audiences: tuple[str, ...] | None = None
    clients: tuple[str, ...] | None = None
    identities: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    claim_groups: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()
    api_prefix: str | None = None

    @property
    def accepted_audiences(self) -> tuple[str, ...] | None:
        """What the app surely takes as audience: its client id and `allowedAudiences`.

        None where one of them is not known here, or nothing is said.
        """
        if self.audiences is None or (self.client_id is None and not self.audiences):
            return None
        own = () if self.client_id is None else (self.client_id,)
        return tuple(dict.fromkeys((*own, *self.audiences)))


def read_auth_settings(path: Path) -> AuthSettings:
    """The settings in a file.

    Raises:
        SettingsError: it cannot be read, holds v1 (classic) settings, or none; one line.
    """
    try:
        document = read_document(path)
    except DefinitionError as error:
        raise SettingsError(str(error)) from None
    return auth_settings_in(document.data, str(path))


def auth_settings_in(document: Any, where: str) -> AuthSettings:
    """The settings in a document that was parsed already; `where` names it in errors.

    Raises:
        SettingsError: it holds v1 (classic) settings, or none.
    """
    found = next(_v2_parts(document), None)
    if found is not None:
        _check_types(found, where)
        return _settings(found)
    classic = next(_v1_parts(document), None)
    if classic is not None:
        if str(classic.get("configversion") or "").lower() == "v2":
            raise SettingsError(
                f"{where}: printed without the authV2 extension, which shows v1 (classic) names "
                "alone: run az extension add --name authV2, then az webapp auth show again"
            )
        raise SettingsError(
            f"{where}: these are v1 (classic) authentication settings; upgrade the app with "
            f"{UPGRADE}, then print them with az webapp auth show (extension authV2)"
        )
    raise SettingsError(f"{where}: holds no authsettingsV2 (az webapp auth show prints them)")


def issuer_tenant(issuer: str) -> str | None:
    """The tenant that an issuer or metadata URL of Entra ID names; None off Entra ID.

    Knows `/<tenant>/v2.0`, B2C's `/tfp/<tenant>/<policy>/v2.0` and metadata addresses; "" where
    the path names none.
    """
    parts = split_url(issuer)
    if not _ENTRA_HOSTS.fullmatch(parts.netloc):
        return None
    segments = [segment for segment in parts.path.split("/") if segment]
    if segments and segments[0].lower() in ("tfp", "te"):
        segments = segments[1:]
    return segments[0] if segments and segments[0].lower() != "v2.0" else ""


def token_version(issuer: str | None) -> int | None:
    """The version of tokens that an issuer URL stands for; None where that cannot be told."""
    tenant = issuer_tenant(issuer) if issuer else None
    if issuer is None or not tenant or ".b2clogin." in issuer or "/tfp/" in issuer:
        return None
    path = split_url(issuer).path.removesuffix("/.well-known/openid-configuration")
    return 2 if path.rstrip("/").endswith("/v2.0") else 1


def is_guid(text: str) -> bool:
    """Whether a text is a GUID; a domain of 36 letters is none."""
    return _GUID.fullmatch(text) is not None


def _lowered(node: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in node.items()}


def _parts(document: Any) -> Iterator[dict[str, Any]]:
    """Every object that may hold the settings, outermost first, keys in lower case."""
    if isinstance(document, list):
        for entry in document:
            yield from _parts(entry)
        return
    if not isinstance(document, Mapping):
        return
    node = _lowered(document)
    yield node
    for key in _WRAPPERS:
        yield from _parts(node.get(key))
    resources = node.get("resources")
    yield from _parts(list(resources.values()) if isinstance(resources, Mapping) else resources)


def _v2_parts(document: Any) -> Iterator[dict[str, Any]]:
    return (
        node for node in _parts(document) if any(isinstance(node.get(k), Mapping) for k in _V2_KEYS)
    )


def _v1_parts(document: Any) -> Iterator[dict[str, Any]]:
    return (node for node in _parts(document) if "enabled" in node and _V1_KEYS & set(node))


LISTS = (
    ("globalValidation", "excludedPaths"),
    ("identityProviders", "azureActiveDirectory", "validation", "allowedAudiences"),
    (
        "identityProviders",
        "azureActiveDirectory",
        "validation",
        "defaultAuthorizationPolicy",
        "allowedApplications",
    ),
)
"""Where authsettingsV2 has an array of texts, or null (App Service, `SiteAuthSettingsV2`)."""


def _check_types(document: Mapping[str, Any], where: str) -> None:
    """Refuse what is no array of texts, an expression of a template excepted."""
    for path in LISTS:
        node: Any = document
        for key in path:
            node = _lowered(node).get(key.lower()) if isinstance(node, Mapping) else None
        is_list = isinstance(node, list) and all(isinstance(each, str) for each in node)
        is_expression = isinstance(node, str) and _EXPRESSION.fullmatch(node) is not None
        if node is not None and not is_list and not is_expression:
            raise SettingsError(f"{where}: {'/'.join(path)} must be an array of texts")


def _settings(node: Mapping[str, Any]) -> AuthSettings:
    platform, validation = _at(node, "platform"), _at(node, "globalvalidation")
    providers = _at(node, "identityproviders")
    provider = _at(providers, "azureactivedirectory")
    registration, checks = _at(provider, "registration"), _at(provider, "validation")
    policy = _at(checks, "defaultauthorizationpolicy")
    principals, claims = _at(policy, "allowedprincipals"), _at(checks, "jwtclaimchecks")
    enabled = _flag(provider.get("enabled"))
    if enabled is None and not provider and providers:
        enabled = False
    return AuthSettings(
        enabled=_flag(platform.get("enabled")),
        required=_flag(validation.get("requireauthentication")),
        action=_text(validation.get("unauthenticatedclientaction")),
        provider_enabled=enabled,
        other_providers=_has_others(providers),
        client_id=_text(registration.get("clientid")),
        issuer=_text(registration.get("openidissuer")),
        audiences=_texts(checks.get("allowedaudiences"), absent=()),
        clients=_narrower(
            _texts(policy.get("allowedapplications")),
            _texts(claims.get("allowedclientapplications")),
        ),
        identities=_texts(principals.get("identities")),
        groups=_texts(principals.get("groups")),
        claim_groups=_texts(claims.get("allowedgroups")),
        excluded=_texts(validation.get("excludedpaths")) or (),
        api_prefix=_text(_at(_at(node, "httpsettings"), "routes").get("apiprefix")),
    )


def _narrower(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """What two allow-lists admit together; None where neither is there."""
    if one is None or other is None:
        return other if one is None else one
    low = {each.lower() for each in other}
    return tuple(each for each in one if each.lower() in low)


def _has_others(providers: Mapping[str, Any]) -> bool:
    custom = _at(providers, "customopenidconnectproviders")
    others = [_at(custom, name) for name in custom]
    others += [_at(providers, n) for n in providers if n not in ("azureactivedirectory",)]
    return any(_flag(other.get("enabled")) is not False and other for other in others)


def _at(node: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = node.get(key)
    return _lowered(value) if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    """A text that is known; an expression or an empty text is not."""
    if not isinstance(value, str) or not value.strip() or _EXPRESSION.fullmatch(value):
        return None
    return value.strip().removeprefix("[") if value.startswith("[[") else value.strip()


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    text = value.strip().lower() if isinstance(value, str) else ""
    return {"true": True, "false": False}.get(text)


def _texts(value: Any, absent: tuple[str, ...] | None = None) -> tuple[str, ...] | None:
    """The texts of a list; None where an entry (or the list) is an expression."""
    if value is None:
        return absent
    if not isinstance(value, list):
        return None
    known = [_text(entry) for entry in value]
    return None if None in known else tuple(each for each in known if each is not None)
