"""A person with a browser: follows the provider's real pages, filling in what they ask for."""

from __future__ import annotations

import html
import re
from pathlib import Path

import httpx

from harness.callers.http import tls_context

__all__ = ["approve"]

MOST_PAGES = 12
_FORM = re.compile(r"<form\b[^>]*\baction=\"([^\"]*)\"[^>]*>(.*?)</form>", re.I | re.S)
_INPUT = re.compile(r"<input\b([^>]*)>", re.I)
_ATTRIBUTE = re.compile(r"(\w[\w-]*)=\"([^\"]*)\"")


def approve(url: str, code: str, account: str, ca_file: Path) -> list[int]:
    """Open the page, enter the code, sign in and agree; the statuses on the way."""
    statuses = []
    with httpx.Client(verify=tls_context(ca_file), follow_redirects=True, timeout=20) as browser:
        answer = browser.get(url, params={"user_code": code})
        for _ in range(MOST_PAGES):
            statuses.append(answer.status_code)
            form = _FORM.search(answer.text)
            if form is None:
                break
            fields = _fields(form[2], code, account)
            answer = browser.post(str(answer.url.join(html.unescape(form[1]))), data=fields)
    return statuses


def _fields(inside: str, code: str, account: str) -> dict[str, str]:
    found = {}
    for tag in _INPUT.findall(inside):
        given = dict(_ATTRIBUTE.findall(tag))
        if "name" in given:
            found[given["name"]] = html.unescape(given.get("value", ""))
    typed = {"user_code": code, "login": account, "password": "anything"}
    return found | {name: value for name, value in typed.items() if name in found}
