from __future__ import annotations

import html
import re
import ssl
import threading
import webbrowser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from harness.errors import SignInError


class Person(webbrowser.BaseBrowser):
    """A browser whose person has a session: opens the page and submits the form it gets."""

    def __init__(self) -> None:
        super().__init__("person")
        self.opened: list[str] = []
        self.trust: ssl.SSLContext | None = None
        self.answer: dict[str, str] | None = None
        self.is_there = True

    def open(self, url: str, _new: int = 0, _autoraise: bool = True) -> bool:
        self.opened.append(url)
        if self.is_there:
            threading.Thread(target=self._sign_in, args=(url,), daemon=True).start()
        return self.is_there

    def _sign_in(self, url: str) -> None:
        assert self.trust is not None
        query = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
        if self.answer is not None:
            form = {**self.answer, "state": query["state"]}
            httpx.post(query["redirect_uri"], data=form, timeout=10)
            return
        page = httpx.get(url, verify=self.trust).text
        fields = re.findall(r'name="([^"]+)" value="([^"]*)"', page)
        action = re.search(r'action="([^"]+)"', page)
        assert action is not None, page
        form = {name: html.unescape(value) for name, value in fields}
        httpx.post(html.unescape(action[1]), data=form, timeout=10)


@pytest.fixture
def person(tenant: Any, monkeypatch: pytest.MonkeyPatch) -> Person:
    browser = Person()
    browser.trust = ssl.create_default_context(cafile=str(tenant.emulator.ca_file))
    monkeypatch.setattr(webbrowser, "open", browser.open)
    return browser


def test_a_browser_signs_in_by_code_and_pkce_over_loopback(tenant: Any, person: Person) -> None:
    sign_ins = tenant.sign_ins(tenant.person("alice", sign_in="interactive"))

    token = sign_ins.token("alice")

    query = parse_qs(urlsplit(person.opened[0]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"][0].startswith("http://localhost:")
    assert query["login_hint"] == ["alice@contoso.example"]
    assert token.source == "interactive"
    assert tenant.issued == [("alice", "authorization_code")]
    assert tenant.prompt.pages[0].code == ""


def test_without_a_browser_the_page_is_told(tenant: Any, person: Person) -> None:
    person.is_there = False

    def by_hand(text: str) -> None:
        tenant.prompt.notes.append(text)
        threading.Thread(target=person._sign_in, args=(text.split()[-1],), daemon=True).start()

    tenant.prompt.note = by_hand
    tenant.sign_ins(tenant.person("alice"), flow="interactive").token("alice")

    assert tenant.emulator.authority in tenant.prompt.notes[0]


def test_a_declined_sign_in_is_diagnosed(tenant: Any, person: Person) -> None:
    person.answer = {
        "error": "access_denied",
        "error_description": "AADSTS65004: User declined to consent to access the app.",
    }

    with pytest.raises(SignInError) as caught:
        tenant.sign_ins(tenant.person("alice"), flow="interactive").token("alice")

    assert (caught.value.rule, caught.value.code) == ("sign-in.consent-missing", 65004)
