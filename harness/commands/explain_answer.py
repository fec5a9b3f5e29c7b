"""`explain` for an HTTP answer as `curl -i` prints it: whose refusal, and whether it is right."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.callers.claims import claims_of
from harness.commands.explain_context import NO_TARGET, context_here
from harness.commands.explain_sign_in import answer_in, sign_in_explanation
from harness.commands.explanation import Explanation, lines_of, plain_findings
from harness.errors import SettingsError
from harness.exchanges.context import RunContext
from harness.exchanges.model import Exchange, Probe, Request, Response, user
from harness.exchanges.own_reason import json_object, reasons_in
from harness.exchanges.refusal import REDIRECTS, Verdict, classify, is_login_address, is_login_page
from harness.findings.model import Finding
from harness.suites.anonymous.judgement import (
    EXCLUDED_PATHS,
    EXPECTATION,
    HIDDEN,
    OPEN,
    REACHED_APP,
    is_expected,
)
from harness.suites.anonymous.sign_in_redirect import (
    SignInTargets,
    faults_of_refusal,
    signposts_of,
)
from harness.suites.tokens.judgement import GOOD_REFUSED
from harness.suites.tokens.refused import reasons_for_refusal

__all__ = ["answers_in", "explain_answer"]

_STATUS = re.compile(r"^(?:< ?)?HTTP/[\d.]+ (\d{3})([^\n]*)$", re.M)
_HEADER = re.compile(r"^(?:< ?)?([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$")
_WHOSE = {
    "challenge": "refused with 401",
    "redirect": "refused: sent to sign in",
    "page": "refused: a page sends the reader to sign in",
    "forbidden": "refused with 403",
    "missing": "refused with 404, as the settings expect",
}


def explain_answer(text: str, options: argparse.Namespace) -> Explanation | None:
    """An HTTP answer: to a call without a token, or with `--as user` to one with a good token."""
    answers = answers_in(text)
    if not answers:
        return None
    final = answers[-1]
    refused = _token_endpoint_error(final)
    if refused is not None:
        return sign_in_explanation(refused, options)
    context = context_here(options.config)
    if options.caller == "user":
        return _as_user(context, final, options)
    return _as_anonymous(context, final, after_redirect=len(answers) > 1)


def answers_in(text: str) -> list[Response]:
    """The answers in what `curl -i` (or `-v`, `-L`) printed, interim ones and tunnels left out."""
    text = text.replace("\r\n", "\n")
    starts = list(_STATUS.finditer(text))
    if not starts or text[: starts[0].start()].lstrip()[:1] not in (
        "",
        "*",
        ">",
        "<",
        "%",
        "$",
        "{",
    ):
        return []
    ends = [match.start() for match in starts[1:]] + [len(text)]
    blocks = [
        _response(int(match[1]), match[2].strip(), text[match.end() + 1 : end])
        for match, end in zip(starts, ends, strict=True)
    ]
    final = [b for b in blocks if b.status >= 200 and not _is_tunnel(b, blocks)]
    return final


def _is_tunnel(response: Response, all_answers: list[Response]) -> bool:
    """Whether it only is a proxy's `200 Connection established`."""
    return response.status == 200 and not response.headers and response is not all_answers[-1]


def _response(status: int, phrase: str, block: str) -> Response:
    head, _, body = f"\n{block}".partition("\n\n")
    headers = []
    for line in head.split("\n"):
        found = _HEADER.match(line)
        if found:
            headers.append((found[1], found[2].strip()))
    if status == 403 and phrase.lower() == "ip forbidden":
        headers.append(("x-ms-forbidden-ip", "in the status line"))
    return Response(status, tuple(headers), body.strip("\n").encode("utf-8"), 0.0)


def _token_endpoint_error(response: Response) -> Mapping[str, Any] | None:
    """The error of a token endpoint, or of the authority's own page, where that answered."""
    document = json_object(response)
    if document is not None and ("error_codes" in document or "error_uri" in document):
        return document
    if response.status in REDIRECTS and "error=" in (response.header("location") or ""):
        return answer_in(response.header("location") or "")
    return None


def _as_anonymous(context: RunContext, response: Response, *, after_redirect: bool) -> Explanation:
    posts = _targets(context)
    url = "" if context.origin == NO_TARGET else context.origin + "/"
    verdict = classify(response, url)
    if after_redirect and verdict.outcome == "open" and is_login_page(response):
        verdict = Verdict("refused", "page", f"{verdict.observed}, the app's own login page", url)
    if context.settings.anonymous.expect == "404" and response.status == 404:
        verdict = Verdict("refused", "missing", verdict.observed)
    message = _anonymous_words(response, verdict)
    findings = [*_anonymous_findings(context, response, verdict, posts)]
    reasons = reasons_in(response)
    remedy = (
        findings[0].remedy if findings else "nothing to do: the call is refused as it should be"
    )
    if verdict.outcome == "unverified":
        remedy = (
            reasons[0].remedy if reasons else "ask again; such an answer says nothing of the app"
        )
    because = tuple(dict.fromkeys((*_quotes(response), *(r.words for r in reasons))))
    return _explained(verdict.outcome, message, remedy, because, findings, reasons_text(reasons))


def reasons_text(reasons: Any) -> list[str]:
    """The answer's own reasons as lines."""
    return [f"  {reason.who}: {reason.meaning}" for reason in reasons]


def _targets(context: RunContext) -> SignInTargets:
    posts = signposts_of(context)
    if context.origin == NO_TARGET:
        return replace(posts, own_hosts=frozenset())
    hosts = {_host(url) for url in context.settings.targets.values()}
    return replace(posts, own_hosts=posts.own_hosts | {host for host in hosts if host})


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].lower()


def _anonymous_words(response: Response, verdict: Verdict) -> str:
    who = next((reason.who for reason in reasons_in(response)), "")
    if verdict.outcome == "refused":
        by = f" by {who}" if who and who not in ("the challenge", "the app") else ""
        says = f"Without a token the call is {_WHOSE.get(verdict.manner, 'refused')}{by}"
        return f"{says} ({verdict.observed})"
    if verdict.outcome == "open":
        return f"Without a token the call is answered: {verdict.observed}. This is no refusal"
    if verdict.outcome == "elsewhere":
        if is_login_address(verdict.location or ""):
            return (
                f"Without a token the call is sent to the app's own login page: {verdict.observed}"
            )
        return f"The answer leads to another place of the same host ({verdict.observed}): ask there"
    if verdict.outcome == "reached":
        says = (
            f"Without a token the call gets past the door: {verdict.observed} is the app's answer"
        )
        return f"{says}. {HIDDEN}" if response.status == 404 else says
    return f"This answer says nothing of the app's door (unverified): {verdict.observed}"


def _anonymous_findings(
    context: RunContext, response: Response, verdict: Verdict, posts: SignInTargets
) -> list[Finding]:
    if verdict.outcome == "open":
        remedy = f"{OPEN.remedy} {EXCLUDED_PATHS}"
        return [_finding(OPEN, "the call without a token is answered", verdict.observed, remedy)]
    if verdict.outcome == "reached" and context.settings.anonymous.enforced_by == "platform":
        remedy = f"{REACHED_APP.remedy} {HIDDEN}" if response.status == 404 else REACHED_APP.remedy
        what = "the call without a token gets past the door to the app"
        return [_finding(REACHED_APP, what, verdict.observed, remedy)]
    if not verdict.refused:
        return []
    findings = [
        replace(
            _finding(fault.rule, fault.message, fault.observed, ""),
            expected=fault.expected,
            severity=fault.severity or fault.rule.severity,
        )
        for fault in faults_of_refusal(verdict, response, posts)
    ]
    client = "browser" if verdict.manner in ("redirect", "page") else "api"
    if not is_expected(context, verdict, client):
        way = context.settings.anonymous.expect
        what = f'the call is refused otherwise than [anonymous] expect = "{way}" says'
        findings.append(_finding(EXPECTATION, what, verdict.observed, ""))
    return findings


def _finding(rule: Any, message: str, observed: str, remedy: str) -> Finding:
    found: Finding = rule.finding(message, caller="anonymous", observed=observed, remedy=remedy)
    return found


def _as_user(context: RunContext, response: Response, options: argparse.Namespace) -> Explanation:
    verdict = classify(response, "")
    if verdict.outcome in ("open", "reached") and response.status < 500:
        message = f"The call with a token was let in: {verdict.observed} is the app's own answer"
        return _explained("let in", message, "nothing to do", _quotes(response), [], [])
    in_body = answer_in(response.text) if "AADSTS" in response.text else None
    exchange = _exchange(context, response)
    reasons = reasons_for_refusal(context, exchange)
    first = reasons[0]
    how = "" if first.because else "likely: "
    message = f"The good token was refused ({verdict.observed}); {how}{first.says}"
    because = tuple(words for reason in reasons for words in reason.because)
    more = [f"  {'says' if r.because else 'or'}: {r.text}\n    {r.remedy}" for r in reasons[1:]]
    if in_body is not None:
        inner = sign_in_explanation(in_body, options)
        more.append(f"  the app's own sign-in: {inner.message}\n    {inner.remedy}")
    rule = None if verdict.outcome == "unverified" else GOOD_REFUSED.id
    explained = _explained(first.topic or "refused", message, first.remedy, because, [], more)
    return replace(explained, rule=rule)


def _exchange(context: RunContext, response: Response) -> Exchange:
    """The answer as one to the default user's token, as far as the settings hold that token."""
    name = context.settings.default_user or "user"
    request = Request("GET", "/")
    held = _claims_here(context)
    meta = {
        "audience": held.get("aud") or "",
        "issuer": held.get("iss") or "",
        "client": held.get("azp") or held.get("appid") or context.settings.entra.client_id or "",
    }
    return Exchange(Probe("explain", None, user(name), request, "explain", meta), response)


def _claims_here(context: RunContext) -> Mapping[str, Any]:
    settings = context.settings
    held = settings.users[settings.default_user].token if settings.default_user else None
    if held is None:
        return {}
    try:
        return claims_of(held.resolve().strip().removeprefix("Bearer ").strip())
    except SettingsError:
        return {}


def _quotes(response: Response) -> tuple[str, ...]:
    """The header lines that an explanation goes by."""
    named = (
        *(("WWW-Authenticate", v) for v in response.all_headers("www-authenticate")),
        *(("Location", v.split("?")[0]) for v in response.all_headers("location")),
    )
    return (f"HTTP {response.status}", *(f"{name}: {value[:300]}" for name, value in named))


def _explained(
    cause: str,
    message: str,
    remedy: str,
    because: tuple[str, ...],
    findings: list[Finding],
    more: list[str],
) -> Explanation:
    quotes = [f'  because   "{words}"' for words in because]
    page = "\n".join([message, *more, f"  remedy    {remedy}", *quotes, *lines_of(findings)])
    rule = findings[0].rule if findings else None
    plain = {"severity": findings[0].severity if findings else None}
    listed = {"findings": plain_findings(findings)}
    if findings:
        message = f"{message}; {findings[0].message}"
    return Explanation("answer", rule, cause, message, remedy, because, page, {**plain, **listed})
