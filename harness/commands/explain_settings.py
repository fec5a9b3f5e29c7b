"""`explain` for an app's authentication settings: what they say, and whether they fit here."""

from __future__ import annotations

import argparse
from typing import Any

from harness.bounds.parsing import parse_json
from harness.commands.explain_context import context_here
from harness.commands.explanation import Explanation, lines_of, plain_findings
from harness.connector.auth_settings import AuthSettings, auth_settings_in, token_version
from harness.connector.properties import expected_scope
from harness.errors import SettingsError
from harness.exchanges.context import RunContext
from harness.suites.definition.context import DefinitionFacts
from harness.suites.definition.easy_auth import check_easy_auth

__all__ = ["explain_settings"]

_MARKS = (
    "globalvalidation",
    "identityproviders",
    "unauthenticatedclientaction",
    "authsettings",
    "tokenstoreenabled",
)


def explain_settings(text: str, options: argparse.Namespace) -> Explanation | None:
    """Authentication settings in any shape, checked against settings and connector here."""
    if text.lstrip()[:1] not in ("{", "[") or not any(m in text.lower() for m in _MARKS):
        return None
    try:
        document = parse_json(text)
    except ValueError:
        return None
    try:
        settings = auth_settings_in(document, "these settings")
    except SettingsError as error:
        return _refused(str(error))
    return _explained(settings, context_here(options.config))


def _refused(says: str) -> Explanation:
    what, _, remedy = says.partition("; ")
    message = f"A run with these settings ends with SettingsError: {says}"
    return Explanation("settings", None, what, message, remedy or says, (), message)


def _explained(settings: AuthSettings, context: RunContext) -> Explanation:
    entra, properties = context.settings.entra, context.connector.properties
    facts = DefinitionFacts(
        scope=entra.scope or (None if properties is None else expected_scope(properties)),
        tenant_id=entra.tenant_id,
        client_id=entra.connector_client_id or entra.client_id,
        api_client_id=entra.api_client_id,
    )
    public = context.settings.anonymous.public
    findings = check_easy_auth(settings, context.connector, facts, public=public)
    message = f"Authentication settings (authsettingsV2): {_action(settings)}"
    more = [f"  expectations: {_expectations(settings)}"]
    unknown = settings.accepted_audiences is None or settings.issuer is None
    fits = "nothing to do: they fit the settings at hand"
    if unknown:
        fits = (
            "nothing to do: what is known fits; values that a template fills in are not known here"
        )
    remedy = findings[0].remedy if findings else fits
    first = f"expectations: {_expectations(settings)}"
    page = "\n".join([message, first, f"  remedy    {remedy}", *lines_of(findings)])
    plain: dict[str, Any] = {"findings": plain_findings(findings)}
    cause = findings[0].message if findings else more[0].strip()
    rule = findings[0].rule if findings else None
    if findings:
        message = f"{message}; {findings[0].message}"
    return Explanation("settings", rule, cause, message, remedy, (first,), page, plain)


def _action(settings: AuthSettings) -> str:
    if settings.enabled is False:
        return "authentication is off"
    if settings.required is False:
        return "calls without a token are let through"
    return f"calls without a token meet {settings.action or 'the default action'}"


def _expectations(settings: AuthSettings) -> str:
    def shown(values: tuple[str, ...] | None) -> str:
        return "not known" if values is None else f"({', '.join(values)})"

    version = token_version(settings.issuer)
    return (
        f"audiences {shown(settings.accepted_audiences)}, issuer {settings.issuer or 'not known'}, "
        f"token version {version or 'not known'}, allowed clients "
        f"{'not limited' if settings.clients is None else shown(settings.clients)}, "
        f"excluded paths {shown(settings.excluded)}"
    )
