"""The tenant's own tokens that hostile ones are made of, gathered once per run.

A gateway that checks signatures can only be tried with what the tenant signed: the id token of the
same sign-in, a token for another API, an app-only token. What cannot be had is named with a reason.
"""

from __future__ import annotations

import os
from typing import Any

from harness.bounds.parsing import parse_json
from harness.callers.claims import header_of
from harness.callers.discovery import endpoint
from harness.callers.expired_tokens import keep_and_take
from harness.callers.http import AuthorityError
from harness.callers.signing_in import SignIns
from harness.callers.token import Token
from harness.errors import HarnessError

__all__ = ["gather_ingredients"]

NO_OTHER_SCOPE = 'name another API of the tenant: [tokens] other-scope = "api://…/…"'
NO_OUTSIDER = "needs a user whom the allow-list leaves out"
NOT_KEPT = "yesterday's token is not kept (no [tokens] keep-expired)"


def gather_ingredients(
    sign_ins: SignIns, user: str, other_scope: str | None, *, keep_expired: bool = False
) -> dict[str, Any]:
    """Plain data for `harness.suites.tokens.plan.GenuineTokens`.

    Raises:
        SignInError: the user's own token cannot be had.
    """
    token = sign_ins.token(user)
    reasons: dict[str, str] = {"outsider": NO_OUTSIDER, "yesterday": NOT_KEPT}
    matter: dict[str, Any] = {
        "user": user,
        "value": token.value.reveal(),
        "header": header_of(token.value.reveal()) or {},
        "claims": dict(token.claims),
        "id_token": None if token.id_token is None else token.id_token.reveal(),
        "app_only": _app_only(sign_ins, reasons),
        "other_api": _other_api(sign_ins, token, other_scope, reasons),
        "yesterday": _yesterday(sign_ins, token, keep_expired, reasons),
        "outsider": None,
        "jwks": _keys(sign_ins, reasons),
        "reasons": reasons,
    }
    if matter["id_token"] is None:
        reasons["id_token"] = "the sign-in gave no id token"
    return matter


def _yesterday(sign_ins: SignIns, token: Token, keep: bool, reasons: dict[str, str]) -> str | None:
    """A token of an earlier run that has died since, where the user opted in to keeping one."""
    if not keep:
        return None
    entra = sign_ins.connections.entra
    key = "/".join([entra.tenant_id or "", entra.client_id or "", token.user, token.audience])
    expired, reasons["yesterday"] = keep_and_take(key, token.value.reveal(), environ=os.environ)
    return expired


def _app_only(sign_ins: SignIns, reasons: dict[str, str]) -> str | None:
    try:
        return sign_ins.app_token(sign_ins.app_scope).value.reveal()
    except HarnessError as error:
        reasons["app_only"] = str(error).splitlines()[0]
        return None


def _other_api(
    sign_ins: SignIns, token: Token, scope: str | None, reasons: dict[str, str]
) -> str | None:
    """A token of the same sign-in for another API, through the refresh token."""
    if scope is None:
        reasons["other_api"] = NO_OTHER_SCOPE
        return None
    try:
        client = sign_ins.connections.users_client()
        attempt = client.attempt(token.user, "cache", [scope])
        account = client.account_of(attempt, token.home)
        found = None if account is None else client.silent(attempt, [scope], account)
    except HarnessError as error:
        reasons["other_api"] = str(error).splitlines()[0]
        return None
    if found is None:
        reasons["other_api"] = "the sign-in left no refresh token to ask with"
        return None
    return found.value.reveal()


def _keys(sign_ins: SignIns, reasons: dict[str, str]) -> dict[str, Any] | None:
    """The tenant's public key set (OpenID Connect discovery `jwks_uri`)."""
    entra = sign_ins.connections.entra
    http = sign_ins.connections.http
    try:
        document = parse_json(http.get(endpoint(http, entra, "jwks_uri")).text)
    except (AuthorityError, HarnessError, ValueError) as error:
        reasons["jwks"] = f"the tenant's keys could not be read: {type(error).__name__}"
        return None
    return document if isinstance(document, dict) and "keys" in document else None
