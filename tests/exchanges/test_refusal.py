"""Classifying single answers: the captures, and the oddities around them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from harness.exchanges.model import Response
from harness.exchanges.refusal import classify
from harness.suites.anonymous.sign_in_redirect import PUBLIC_CLOUD, SignInTargets, faults_of_refusal

APP = "https://app.example.net"
OTHER = "11111111-2222-4333-8444-555555555555"
URL = f"{APP}/api/Hello"
SIGN_IN = "https://login.microsoftonline.com/t/oauth2/v2.0/authorize?client_id=c"


def answer(status: int, body: str = "", **headers: str) -> Response:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status, pairs, body.encode("utf-8"), 0.01)


def page(script: str, text: str = "") -> Response:
    body = f"<html><head><script>{script}</script></head><body>{text}</body></html>"
    return answer(200, body, content_type="text/html")


def test_every_captured_answer_is_judged_as_the_capture_says(shared: Path) -> None:
    captures = json.loads((shared / "captures" / "easy-auth.json").read_text(encoding="utf-8"))

    judged = {
        capture["what"]: classify(captured(capture)).refused for capture in captures["captures"]
    }

    assert judged == {capture["what"]: capture["refused"] for capture in captures["captures"]}
    assert len(judged) > 10


def captured(capture: dict[str, Any]) -> Response:
    headers = tuple(capture["headers"].items())
    return Response(capture["status"], headers, capture.get("body", "").encode("utf-8"), 0.01)


def captured_redirects(shared: Path) -> list[tuple[Response, SignInTargets]]:
    """Every captured redirect, with what is right for its own app."""
    captures = json.loads((shared / "captures" / "easy-auth.json").read_text(encoding="utf-8"))
    found = []
    for capture in captures["captures"]:
        if "Location" in capture["headers"]:
            location = urlsplit(capture["headers"]["Location"])
            query = dict(parse_qsl(location.query))
            host = frozenset({urlsplit(query["redirect_uri"]).netloc})
            tenant = location.path.split("/")[1].replace("common", "") or None
            posts = SignInTargets(host, PUBLIC_CLOUD, tenant, query["client_id"], frozenset())
            found.append((captured(capture), posts))
    return found


def faults(response: Response, posts: SignInTargets) -> list[str]:
    return [fault.rule.id for fault in faults_of_refusal(classify(response), response, posts)]


def test_every_captured_redirect_points_the_right_way_for_its_own_app(shared: Path) -> None:
    judged = [faults(response, posts) for response, posts in captured_redirects(shared)]

    assert judged == [[]] * 4


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"tenant": OTHER}, "anonymous.wrong-tenant"),
        ({"client_id": OTHER}, "anonymous.wrong-client"),
        ({"own_hosts": frozenset({"other.example"})}, "anonymous.redirect-uri"),
        ({"sign_in_hosts": frozenset({"login.example"})}, "anonymous.foreign-redirect"),
    ],
)
def test_every_captured_redirect_points_the_wrong_way_for_another_app(
    shared: Path, change: dict[str, Any], rule: str
) -> None:
    judged = [faults(r, replace(posts, **change)) for r, posts in captured_redirects(shared)]

    assert judged == [[rule]] * 4


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        pytest.param(answer(200, "{}", content_type="application/json"), "open", id="data"),
        pytest.param(answer(204), "open", id="no-content"),
        pytest.param(answer(400), "reached", id="bad-request"),
        pytest.param(answer(404), "reached", id="not-found"),
        pytest.param(answer(405), "reached", id="method-not-allowed"),
        pytest.param(answer(500), "reached", id="server-error"),
        pytest.param(answer(502), "unverified", id="bad-gateway"),
        pytest.param(answer(503, "Function host is not running."), "unverified", id="starting"),
        pytest.param(answer(504), "unverified", id="gateway-timeout"),
        pytest.param(answer(429), "unverified", id="throttled"),
        pytest.param(
            answer(403, "<h1>Error 403 - This web app is stopped.</h1>"), "unverified", id="stopped"
        ),
        pytest.param(answer(404, "404 Web Site not found."), "unverified", id="no-such-app"),
        pytest.param(answer(403, x_ms_forbidden_ip="192.0.2.1"), "unverified", id="ip-blocked"),
        pytest.param(answer(302, location=SIGN_IN), "refused", id="sign-in"),
        pytest.param(answer(302, location="https://evil.example/"), "refused", id="foreign"),
        pytest.param(answer(302), "refused", id="no-location"),
        pytest.param(answer(302, location="/.auth/login/aad"), "elsewhere", id="relative"),
        pytest.param(answer(308, location="api/hello"), "elsewhere", id="relative-to-folder"),
        pytest.param(answer(302, location="//evil.example/x"), "refused", id="protocol-relative"),
        pytest.param(answer(302, location="/\\evil.example/x"), "refused", id="backslash"),
    ],
)
def test_an_answer_is_classified_by_what_only_app_or_platform_can_say(
    response: Response, outcome: str
) -> None:
    assert classify(response, URL).outcome == outcome


def test_a_redirect_from_http_to_https_on_the_same_host_is_no_refusal() -> None:
    verdict = classify(answer(301, location=URL), "http://app.example.net/api/Hello")

    assert (verdict.outcome, verdict.location) == ("elsewhere", URL)


def test_another_port_of_the_same_host_is_another_place() -> None:
    verdict = classify(answer(302, location="https://127.0.0.1:2/x"), "https://127.0.0.1:1/y")

    assert verdict.outcome == "refused"


@pytest.mark.parametrize(
    "script",
    [
        f'window.location.replace("{SIGN_IN}");',
        f"window.location.href = '{SIGN_IN}' + location.hash;",
        'window.location.replace("https:\\/\\/login.microsoftonline.com\\/t\\/oauth2\\/v2.0'
        '\\/authorize?client_id=c");',
        f'location.assign("{SIGN_IN.replace("=", chr(92) + "u003d")}")',
    ],
    ids=["replace", "href", "escaped-slashes", "escaped-characters"],
)
def test_a_script_page_that_leads_to_sign_in_is_a_refusal(script: str) -> None:
    verdict = classify(page(script, "Redirecting to sign-in"), URL)

    assert (verdict.manner, verdict.location) == ("page", SIGN_IN)


@pytest.mark.parametrize(
    "response",
    [
        page(f'window.location.replace("{SIGN_IN}")', "Alice owes 12 Euro. " * 40),
        page('window.location.replace("/home")'),
        answer(200, f'location.replace("{SIGN_IN}")', content_type="application/json"),
        page(f'location.replace("{SIGN_IN}")' + " " * 40_000),
    ],
    ids=["shows-text", "leads-elsewhere", "not-html", "too-large"],
)
def test_a_page_that_is_more_than_a_way_to_sign_in_is_open(response: Response) -> None:
    assert classify(response, URL).outcome == "open"
