"""What callers with tokens ask: the good token first, then no token, then the hostile ones.

Which kinds go out for which operation is in `harness.suites.tokens.forging` (pace); how many
requests that makes is in `docs/rules/token.md`. Hostile tokens are tried only where the good one is
let in and no token is not: else they prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.connector.model import Operation
from harness.exchanges.context import Plan, RunContext
from harness.exchanges.model import (
    ANONYMOUS,
    API_CLIENT,
    Caller,
    Exchange,
    Headers,
    Probe,
    Request,
    user,
)
from harness.exchanges.refusal import judge_exchange
from harness.inputs.harmless import (
    door_request,
    harmless_request,
    is_fitting,
    is_repeatable,
    real_request,
)
from harness.inputs.learning import learn
from harness.inputs.permission import BASIS, is_quiet, why_not
from harness.inputs.platform import why_not_sent
from harness.inputs.requests import example_values
from harness.settings.secret import Secret
from harness.suites.tokens.carriage import CARRIAGES
from harness.suites.tokens.forging import (
    DELEGATED,
    KINDS,
    ForgeKind,
    TokenParts,
    forge,
    signing_key_pem,
)

__all__ = ["GenuineTokens", "token_plan", "token_skips"]

ONLY_TENANT = "only the tenant can sign such a token"
_TOKENS = ("id_token", "app_only", "other_api", "yesterday", "outsider")
_INGREDIENT_OF = {
    "expired": "yesterday",
    "wrong-audience": "other_api",
    "app-only": "app_only",
    "id-token": "id_token",
    "outside-allow-list": "outsider",
}


@dataclass(frozen=True, slots=True)
class GenuineTokens:
    """What hostile tokens are made of: the default user's good token, and others of the tenant.

    `other_api` is a token of the same sign-in for another API, `yesterday` an expired access token,
    `outsider` a token of a user whom the allow-list leaves out. `tenant_signed` maps further kinds
    to tokens that the tenant signed (an emulator can). `jwks` is the tenant's public key set.
    `reasons` says, by field name, why one is None. In a replay the tokens are empty: only which of
    them there were matters, so that the plan asks what was asked before.
    """

    user: str
    value: Secret
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    id_token: Secret | None = None
    app_only: Secret | None = None
    other_api: Secret | None = None
    yesterday: Secret | None = None
    outsider: Secret | None = None
    tenant_signed: Mapping[str, Secret] = field(default_factory=dict)
    jwks: Mapping[str, Any] | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    is_replay: bool = False

    @classmethod
    def from_recording(cls, plain: Mapping[str, Any]) -> GenuineTokens:
        """What `to_recording` kept, with empty tokens in place of those that there were."""
        had = set(plain.get("had", ()))
        return cls(
            user=str(plain.get("user", "")),
            value=Secret(""),
            header=plain.get("header", {}),
            claims=plain.get("claims", {}),
            jwks={} if "jwks" in had else None,
            tenant_signed={kind: Secret("") for kind in plain.get("tenant_signed", ())},
            reasons=plain.get("reasons", {}),
            is_replay=True,
            **{name: Secret("") for name in _TOKENS if name in had},
        )

    def to_recording(self) -> dict[str, Any]:
        """What a replay needs to know, as JSON-plain data without any token or key."""
        return {
            "user": self.user,
            "header": dict(self.header),
            "claims": dict(self.claims),
            "reasons": dict(self.reasons),
            "had": [name for name in (*_TOKENS, "jwks") if getattr(self, name) is not None],
            "tenant_signed": sorted(self.tenant_signed),
        }

    def of_tenant(self, kind: str) -> Secret | None:
        """The tenant's own token of a kind, or None."""
        if kind in self.tenant_signed:
            return self.tenant_signed[kind]
        name = _INGREDIENT_OF.get(kind)
        found: Secret | None = getattr(self, name) if name else None
        return found

    def missing(self) -> dict[str, str]:
        """Kinds that cannot be tried as they should, each with the reason."""
        return token_skips(self)

    def parts(self) -> TokenParts:
        """What forging starts from."""
        kid = self.header.get("kid")
        pem = signing_key_pem(self.jwks, kid) if self.jwks else None
        return TokenParts(self.header, self.claims, self.value.reveal(), pem)


def token_skips(genuine: GenuineTokens) -> dict[str, str]:
    """Kinds that cannot be tried as they should, each with the reason."""
    skips: dict[str, str] = {}
    for kind in KINDS:
        if kind.tenant_only and genuine.of_tenant(kind.name) is None:
            name = _INGREDIENT_OF.get(kind.name, kind.name)
            skips[kind.name] = genuine.reasons.get(name) or ONLY_TENANT
    if genuine.jwks is None:
        reason = genuine.reasons.get("jwks") or "the tenant's public keys are not at hand"
        skips["hs256-confusion"] = reason
    return skips


def token_plan(context: RunContext, operation: Operation, genuine: GenuineTokens) -> Plan:
    """Probes that show which tokens an operation lets in.

    The good token (caller = user) and no token go first. An operation that may change state is
    visited with GET, since App Service decides by path; its own method follows, falsified, one
    token at a time and only where all of them were refused (`harness.inputs.permission`).
    """
    if operation.id in context.settings.anonymous.public:
        return
    if why_not_sent(context, operation) is not None:
        return
    best = example_values(context, operation)
    caller = user(genuine.user)
    best = yield from learn(context, operation, best, caller, suite="tokens")
    request = _as_api_client(door_request(context, operation, best))
    by_path = operation.changes_state and not context.is_freed(operation)
    facts: dict[str, Any] = {"by_path": True} if by_path else {}
    first = yield _controls(operation, request, genuine, 1, **facts)
    if _outcome(context, first, "none") == "reached" and _app_enforces(context):
        real = real_request(context, operation)
        if real is None or why_not(context, operation, "given") is not None:
            return
        request, by_path = _as_api_client(real), False
        facts = {BASIS: "given"} if operation.changes_state else {}
        first = yield _controls(operation, request, genuine, 2, **facts)
    good, none = (_outcome(context, first, part) for part in ("control", "none"))
    if good not in ("open", "reached") or none != "refused":
        return
    fitting = is_fitting(operation, best)
    forged = _forged_probes(context, operation, request, genuine, fitting=fitting, **facts)
    if not is_quiet(request):
        yield from _until_let_in(context, list(forged), free=context.is_freed(operation))
        return
    carried = _carriage_probes(context, operation, request, genuine, **facts)
    tried = yield [*forged, *carried]
    hostile = [e for e in tried if _must_be_refused(e.probe)]
    if by_path and _all_refused(context, hostile) and _is_written(context, operation):
        writing = _as_api_client(harmless_request(context, operation, best))
        facts = {"attempt": 2, BASIS: "falsified"}
        again = _forged_probes(context, operation, writing, genuine, fitting=fitting, **facts)
        probes = [probe for probe in again if _must_be_refused(probe)]
        yield from _until_let_in(context, probes, free=False)


def _must_be_refused(probe: Probe) -> bool:
    """Whether it carries a token that the platform itself must refuse, whatever the function is.

    Tokens of an app, or without the scope, are the function's own matter.
    """
    return probe.meta.get("part") == "hostile" and probe.meta.get("cause") not in DELEGATED


def _is_written(context: RunContext, operation: Operation) -> bool:
    return why_not(context, operation, "falsified") is None


def _all_refused(context: RunContext, exchanges: Sequence[Exchange]) -> bool:
    return all(judge_exchange(context, e).outcome == "refused" for e in exchanges)


def _until_let_in(context: RunContext, probes: list[Probe], *, free: bool) -> Plan:
    """One at a time, and none after one that is let in, where that may change something."""
    if free:
        yield probes
        return
    for probe in probes:
        exchanges = yield [probe]
        if not _all_refused(context, exchanges):
            return


def _controls(
    operation: Operation, request: Request, genuine: GenuineTokens, attempt: int, **facts: Any
) -> list[Probe]:
    claims = genuine.claims
    told = {
        "audience": claims.get("aud"),
        "issuer": claims.get("iss"),
        "client": claims.get("appid") or claims.get("azp"),
    }
    return [
        _probe(
            operation,
            request,
            user(genuine.user),
            "control",
            "good",
            attempt=attempt,
            control=True,
            **told,
            **facts,
        ),
        _probe(operation, request, ANONYMOUS, "none", "none", attempt=attempt, **facts),
    ]


def _forged_probes(
    context: RunContext,
    operation: Operation,
    request: Request,
    genuine: GenuineTokens,
    **facts: Any,
) -> Iterator[Probe]:
    parts = genuine.parts()
    for kind in KINDS:
        of_tenant = genuine.of_tenant(kind.name)
        if not _is_due(context, operation, kind.pace):
            continue
        token = of_tenant if of_tenant is not None else _forged(kind, parts, genuine)
        if token is None:
            continue
        caller = Caller(f"forged:{kind.name}", "forgery", token)
        yield _probe(
            operation,
            request,
            caller,
            "hostile",
            kind.name,
            cause=kind.cause,
            signed_by_tenant=of_tenant is not None,
            **facts,
        )


def _carriage_probes(
    context: RunContext,
    operation: Operation,
    request: Request,
    genuine: GenuineTokens,
    **facts: Any,
) -> Iterator[Probe]:
    for carriage in CARRIAGES:
        if _is_due(context, operation, carriage.pace):
            # A forgery carries its token along, so no refusal makes the sender fetch a new one.
            caller = Caller(f"forged:{carriage.name}", "forgery", genuine.value)
            yield _probe(
                operation,
                carriage.apply(request),
                caller,
                "carriage",
                carriage.name,
                may_count=carriage.may_count,
                signed_by_tenant=True,
                **facts,
            )


def _forged(kind: ForgeKind, parts: TokenParts, genuine: GenuineTokens) -> Secret | None:
    if genuine.is_replay:
        can = kind.make is not None and (kind.name != "hs256-confusion" or genuine.jwks is not None)
        return Secret("") if can else None
    text = forge(kind.name, parts)
    return None if text is None else Secret(text)


def _is_due(context: RunContext, operation: Operation, pace: str) -> bool:
    if pace == "always":
        return True
    if context.quick:
        return False
    return pace == "night" or operation.id == _representative(context)


def _representative(context: RunContext) -> str | None:
    """The operation that speaks for the app: the first reading one that is not public."""
    settings = context.settings
    chosen = [
        operation
        for operation in context.connector.operations
        if operation.id not in settings.anonymous.public
        and (not settings.operations_selected or operation.id in settings.operations_selected)
    ]
    chosen.sort(key=lambda operation: operation.changes_state)
    return chosen[0].id if chosen else None


def _outcome(context: RunContext, exchanges: Sequence[Exchange], part: str) -> str:
    found = [e for e in exchanges if e.probe.meta.get("part") == part]
    return judge_exchange(context, found[-1]).outcome if found else "unverified"


def _app_enforces(context: RunContext) -> bool:
    return context.settings.anonymous.enforced_by == "app"


def _as_api_client(request: Request) -> Request:
    """Never a browser's User-Agent: the platform's cross-site protection would answer 403."""
    kept: Headers = tuple(p for p in request.headers if p[0].lower() != "user-agent")
    return replace(request, headers=(*kept, ("User-Agent", API_CLIENT)))


def _probe(
    operation: Operation, request: Request, caller: Caller, part: str, kind: str, **meta: Any
) -> Probe:
    attempt = meta.get("attempt", 1)
    key = f"tokens/{part}/{kind}" + (f"/{attempt}" if attempt != 1 else "")
    details = {"part": part, "kind": kind, **meta}
    repeatable = is_repeatable(operation, request)
    return Probe(key, operation.id, caller, request, f"tokens/{kind}", details, repeatable)
