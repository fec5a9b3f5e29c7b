"""Being sent to the app's own sign-in page is a refusal, wherever that page leads."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.connector.model import Connector
from harness.exchanges.context import RunContext
from harness.exchanges.model import ANONYMOUS, Exchange, Probe, Request, Response
from harness.exchanges.refusal import judge_exchange
from harness.settings.values import Settings


def verdict_of(target: str, status: int, hop: int) -> str:
    settings = Settings(Path.cwd(), "a", "https://a.invalid")
    connector = Connector("T", (), {}, Path("d.json"), "swagger", "", "", "", ())
    probe = Probe("k", "Op", ANONYMOUS, Request("GET", target), "anonymous/plain", {"hop": hop})
    response = Response(status, (("Content-Type", "text/html"),), b"<p>choose</p>", 0.1)
    return judge_exchange(RunContext(connector, settings), Exchange(probe, response)).outcome


@pytest.mark.parametrize("status", [200, 404, 500])
def test_own_sign_in_page_that_leads_no_further_is_a_refusal(status: int) -> None:
    assert verdict_of("/.auth/login/aad?post=1", status, 1) == "refused"


@pytest.mark.parametrize(("target", "hop"), [("/.auth/login/aad", 0), ("/api/items/", 1)])
def test_other_places_are_judged_by_what_they_answer(target: str, hop: int) -> None:
    assert verdict_of(target, 200, hop) == "open"
