"""Why the good token may have been refused: the answer's own words first, then what claims tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.exchanges.challenge import bearer_challenge
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange, Response
from harness.exchanges.own_reason import PLATFORM_SENTENCE, Reason, reasons_in

__all__ = ["RefusalReason", "reasons_for_refusal"]

_LOG = "look for IDX codes in the app's log stream"


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """One likely reason: what it is, what to do, and the answer's words that say so.

    `because` is empty where nothing in the answer says it, so that it is a guess.
    """

    says: str
    remedy: str
    because: tuple[str, ...] = ()
    topic: str = ""

    @property
    def text(self) -> str:
        """The reason with the words that it rests on."""
        quote = "".join(f'"{words}": ' for words in self.because[:1])
        return f"{quote}{self.says}"


def reasons_for_refusal(context: RunContext, exchange: Exchange) -> list[RefusalReason]:
    """Likely reasons, the likeliest first; at least one.

    What the answer says goes first; guesses follow only where it is silent or vague.
    """
    response = exchange.response
    if response is None:
        return [RefusalReason(exchange.reason or "no answer", "see why there was no answer")]
    own = [_of_answer(context, reason, exchange) for reason in reasons_in(response)]
    told = [reason for reason in own if reason.topic != "token"]
    if told:
        return told
    if response.status == 403:
        return own or [_silent_403(context, exchange)]
    found = [*_by_claims(context, exchange, response), *own, *_by_answer(context, response)]
    return found or [RefusalReason(f"audience, issuer and client look right: {_LOG}", _LOG)]


def _of_answer(context: RunContext, reason: Reason, exchange: Exchange) -> RefusalReason:
    """The answer's own reason, with the claim of our token that it speaks of."""
    meta = exchange.probe.meta
    held = {"audience": meta.get("audience"), "issuer": meta.get("issuer")}.get(reason.topic)
    says = f"{reason.meaning} (the token's {reason.topic} is {held})" if held else reason.meaning
    remedy = reason.remedy
    by_platform = context.settings.anonymous.enforced_by == "platform"
    if reason.who == "the app" and exchange.status == 401 and by_platform:
        remedy += (
            "; if sibling operations are refused by the platform without a token, this path is "
            "under excludedPaths, where no principal is injected"
        )
    return RefusalReason(says, remedy, (reason.words,), reason.topic)


def _silent_403(context: RunContext, exchange: Exchange) -> RefusalReason:
    """A 403 without a word: the platform's allow-list, or the app's own policy."""
    if context.settings.anonymous.enforced_by == "app":
        return RefusalReason(
            "403 without a word: the app knows the token, and its own authorization policy (a "
            "role, a scope, a group) refuses",
            "compare what the function asks for with the token's roles, scp and groups",
        )
    client = exchange.probe.meta.get("client") or "the client that signed in"
    return RefusalReason(
        f"403: {client} or the user is not in the app's allow-list (allowedApplications, "
        "allowedPrincipals), or that list is stored empty, which permits nobody",
        f"add {client} to allowedApplications under defaultAuthorizationPolicy; where there is no "
        "such list, look at what the function asks for",
    )


def _by_answer(context: RunContext, response: Response) -> Iterator[RefusalReason]:
    if context.settings.anonymous.enforced_by == "app" or response.status != 401:
        return
    says = response.header("www-authenticate") or response.header("x-ms-middleware-request-id")
    if says is not None or PLATFORM_SENTENCE in response.text:
        return
    yield RefusalReason(
        "the 401 is bare, as the Functions host gives it for a missing key (authLevel)",
        "set the function's authLevel to anonymous, since a connector sends no key",
    )


def _by_claims(
    context: RunContext, exchange: Exchange, response: Response
) -> Iterator[RefusalReason]:
    meta, entra = exchange.probe.meta, context.settings.entra
    audience, issuer = str(meta.get("audience") or ""), str(meta.get("issuer") or "")
    api = entra.api_client_id
    if api and audience and audience.lower() not in (api.lower(), f"api://{api.lower()}"):
        slash = ", which ends in a slash: that alone makes it another audience"
        yield RefusalReason(
            f"the token's audience is {audience}{slash if audience.endswith('/') else ''}: the app "
            f"accepts {api} and what allowedAudiences lists",
            f"add {audience} to allowedAudiences, or ask for a scope of api://{api}",
        )
    tenant = entra.tenant_id or ""
    if issuer and tenant.count("-") == 4 and tenant.lower() not in issuer.lower():
        yield RefusalReason(
            f"the token's issuer {issuer} is not of the tenant {tenant}",
            "sign in to the tenant of the app, or correct [entra] tenant-id",
        )
    challenge = bearer_challenge(response.all_headers("www-authenticate"))
    address = challenge.parameters.get("authorization_uri", "") if challenge else ""
    wants_v2, has_v2 = "/oauth2/v2.0/" in address, issuer.rstrip("/").endswith("/v2.0")
    if address and issuer and wants_v2 != has_v2:
        has, wants = (2 if has_v2 else 1), (2 if wants_v2 else 1)
        yield RefusalReason(
            f"the token is of version {has} (issuer {issuer}), but the app's issuer URL is of "
            f"version {wants}: the API registration's requestedAccessTokenVersion decides which "
            "one is issued",
            f"set requestedAccessTokenVersion to {wants}, or openIdIssuer to that of version {has}",
        )
