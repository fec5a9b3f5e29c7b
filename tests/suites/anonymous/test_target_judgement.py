"""Judging the app as a whole: each open door is found, a right app is silent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.connector.model import Connector
from harness.exchanges.context import RunContext
from harness.exchanges.model import ANONYMOUS, Exchange, Probe, Request, Response
from harness.findings.model import Judgement
from harness.findings.page import rule_steps
from harness.settings.values import Settings
from harness.suites.anonymous.target import judge_target
from harness.suites.registry import rules_of
from harness.traffic.tls import TlsFacts

APP = "https://myapp.azurewebsites.net"
NOW = 1_800_000_000.0
GOOD_TLS = TlsFacts("TLSv1.3", NOW + 90 * 86400, "Contoso CA", None, NOW)
HSTS = {"strict_transport_security": "max-age=31536000"}


@pytest.fixture
def judge(tmp_path: Path) -> Callable[..., Judgement]:
    connector = Connector("t", (), {}, tmp_path / "d.json", "swagger", "", "", "", ("https",))

    def run(*exchanges: Exchange, tls: TlsFacts | None = GOOD_TLS, url: str = APP) -> Judgement:
        return judge_target(RunContext(connector, Settings(tmp_path, "app", url)), exchanges, tls)

    return run


def answer(status: int, body: str = "", **headers: str) -> Response:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status, pairs, body.encode("utf-8"), 0.01)


def asked(check: str, response: Response | None, origin: str | None = None) -> Exchange:
    headers = (("Origin", "https://harness-probe.example"),)
    request = Request("GET", "/api/docs", headers, None, origin)
    meta = {"part": "app", "check": check}
    return Exchange(Probe(check, None, ANONYMOUS, request, "anonymous", meta), response, "closed")


def over_http(response: Response | None) -> Exchange:
    return asked("http", response, "http://myapp.azurewebsites.net")


CLEAN = [
    asked("admin-status", answer(401)),
    asked("admin-functions", answer(404)),
    asked(
        "admin-keys", answer(302, location="https://login.microsoftonline.com/t/oauth2/authorize")
    ),
    asked("auth-me", answer(200, "[]")),
    asked("door", answer(401, **HSTS)),
    asked("cors-preflight", answer(204, access_control_allow_origin="*")),
    asked("cors-request", answer(401)),
    over_http(answer(301, location=f"{APP}/api/docs")),
    asked("scm", answer(401, www_authenticate='Basic realm="site"')),
]


def test_a_right_app_gives_no_finding(judge: Callable[..., Judgement]) -> None:
    assert judge(*CLEAN) == Judgement()


@pytest.mark.parametrize(
    ("exchange", "rule"),
    [
        (over_http(answer(200, "{}")), "target.http-served"),
        (over_http(answer(401)), "target.http-served"),
        (over_http(answer(301, location="http://myapp.azurewebsites.net/x")), "target.http-served"),
        (over_http(answer(302, location="https://evil.example/")), "target.http-served"),
        (asked("admin-status", answer(200, "{}")), "target.admin-open"),
        (asked("admin-keys", answer(200, "{}")), "target.admin-open"),
        (asked("scm", answer(200, "<h1>Kudu</h1>")), "target.scm-open"),
        (asked("auth-me", answer(200, '[{"user_id": "alice"}]')), "target.auth-me-open"),
        (
            asked(
                "cors-preflight",
                answer(
                    200, access_control_allow_origin="*", access_control_allow_credentials="true"
                ),
            ),
            "target.cors",
        ),
        (
            asked(
                "cors-request",
                answer(
                    401,
                    access_control_allow_origin="https://harness-probe.example",
                    access_control_allow_credentials="True",
                ),
            ),
            "target.cors",
        ),
        (asked("door", answer(401)), "target.hsts"),
        (asked("door", answer(401, strict_transport_security="max-age=0")), "target.hsts"),
    ],
)
def test_each_open_door_is_found(
    judge: Callable[..., Judgement], exchange: Exchange, rule: str
) -> None:
    check = exchange.probe.meta["check"]
    others = [e for e in CLEAN if e.probe.meta["check"] != check]

    judgement = judge(*others, exchange)

    assert [finding.rule for finding in judgement.findings] == [rule]


def test_a_page_of_the_apps_own_is_no_administration(judge: Callable[..., Judgement]) -> None:
    page = answer(200, "<h1>Welcome</h1>", content_type="text/html")

    assert judge(asked("admin-status", page), *CLEAN[3:]) == Judgement()


@pytest.mark.parametrize("status", [400, 403, 404, 426, 503])
def test_nobody_at_home_on_http_is_right(judge: Callable[..., Judgement], status: int) -> None:
    assert judge(*CLEAN[:7], over_http(answer(status))) == Judgement()
    assert judge(*CLEAN[:7], over_http(None)) == Judgement()


def test_hsts_is_a_note_and_not_asked_of_addresses(judge: Callable[..., Judgement]) -> None:
    door = asked("door", answer(401))

    assert [f.severity for f in judge(door).findings] == ["note"]
    assert judge(door, url="https://127.0.0.1:8443") == Judgement()
    assert judge(door, url="https://demo.invalid") == Judgement()


@pytest.mark.parametrize(
    ("facts", "severity"),
    [
        (TlsFacts("TLSv1.1", NOW + 90 * 86400, None, None, NOW), "error"),
        (TlsFacts("TLSv1.2", NOW + 90 * 86400, None, "TLSv1", NOW), "warning"),
        (TlsFacts("TLSv1.3", NOW + 86400, None, None, NOW), "warning"),
        (TlsFacts("TLSv1.3", NOW - 86400, None, None, NOW), "error"),
    ],
    ids=["old", "accepts-old", "ends-soon", "ended"],
)
def test_old_tls_and_ending_certificates_are_found(
    judge: Callable[..., Judgement], facts: TlsFacts, severity: str
) -> None:
    (finding,) = judge(*CLEAN, tls=facts).findings

    assert (finding.rule, finding.severity) == ("target.tls", severity)


def test_an_app_that_never_answers_is_unverified(judge: Callable[..., Judgement]) -> None:
    assert "closed" in (judge(asked("door", None), tls=None).unverified or "")


@pytest.mark.parametrize("silent", ["admin-status", "auth-me", "door", "cors-request"])
def test_a_probe_without_an_answer_leaves_the_app_unproved(
    judge: Callable[..., Judgement], silent: str
) -> None:
    exchanges = [
        asked(check, None if check == silent else answer(401))
        for check in ("admin-status", "auth-me", "door", "cors-request")
    ]

    judgement = judge(*exchanges)

    assert "1 of 4 calls got no answer" in (judgement.unverified or "")


def test_doors_that_are_closed_altogether_are_right(judge: Callable[..., Judgement]) -> None:
    closed = [over_http(None), asked("scm", None), asked("scm-settings", None)]

    assert judge(asked("door", answer(401)), *closed).unverified is None


def test_tls_facts_travel_as_plain_data() -> None:
    assert TlsFacts.from_plain(GOOD_TLS.to_plain()) == GOOD_TLS


@pytest.mark.parametrize(
    "rule", [r for r in rules_of("target") if "host" not in r.id], ids=lambda rule: rule.id
)
def test_every_rule_has_its_steps(rule: Any) -> None:
    assert all(word in rule_steps(rule) for word in ("Portal", "Bicep", "`az"))
