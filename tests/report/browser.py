"""Chromium driven over WebDriver's plain HTTP, for tests that open the HTML report."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

BROWSERS = ("chromium", "google-chrome", "chrome", "msedge")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
_PORT = re.compile(r"started successfully on port (\d+)")


def missing() -> str:
    """Why no browser test can run here, or "" if one can."""
    if not any(map(shutil.which, BROWSERS)):
        return f"no browser: none of {', '.join(BROWSERS)} is installed"
    return "" if shutil.which("chromedriver") else "no chromedriver is installed"


class Page:
    """One browser window."""

    def __init__(self, client: httpx.Client, session: str) -> None:
        self._client, self._session = client, session

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self._client.post(f"/session/{self._session}/{path}", json=body)
        value = answer.json()["value"]
        assert answer.is_success, value
        return value

    def open(self, path: Path, fragment: str = "") -> None:
        self._post("url", {"url": "about:blank"})
        self._post("url", {"url": path.as_uri() + fragment})

    def run(self, script: str, *arguments: Any) -> Any:
        return self._post("execute/sync", {"script": script, "args": list(arguments)})

    def count(self, selector: str) -> int:
        script = "return [...document.querySelectorAll(arguments[0])]"
        return int(self.run(f"{script}.filter(n => n.checkVisibility()).length", selector))

    def text(self, selector: str) -> str:
        return str(self.run("return document.querySelector(arguments[0]).innerText", selector))

    def click(self, selector: str) -> None:
        script = "const n = document.querySelector(arguments[0]); n.scrollIntoView(); n.click()"
        self.run(script, selector)

    def type(self, selector: str, text: str) -> None:
        script = "const n = document.querySelector(arguments[0]); n.value = arguments[1]; "
        self.run(script + "n.dispatchEvent(new Event('input', {bubbles: true}))", selector, text)

    def choose(self, selector: str, value: str) -> None:
        script = "const n = document.querySelector(arguments[0]); n.value = arguments[1]; "
        self.run(script + "n.dispatchEvent(new Event('change'))", selector, value)

    def seconds_to_open(self) -> float:
        """From the start of the navigation until the page is painted and answers."""
        script = (
            "const done = arguments[0]; requestAnimationFrame(() => setTimeout(() => "
            "done(performance.now() / 1000)))"
        )
        body = {"script": script, "args": []}
        return float(self._post("execute/async", body))

    def cdp(self, command: str, **parameters: Any) -> Any:
        return self._post("goog/cdp/execute", {"cmd": command, "params": parameters})

    def resize(self, width: int, height: int) -> None:
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def scheme(self, name: str) -> None:
        feature = {"name": "prefers-color-scheme", "value": name}
        self.cdp("Emulation.setEmulatedMedia", features=[feature])

    def console(self) -> list[str]:
        return [entry["message"] for entry in self._post("se/log", {"type": "browser"})]

    def requested(self) -> list[str]:
        """Every address that pages asked for since the last call, but the browser's own ones."""
        messages = [
            json.loads(entry["message"])["message"]
            for entry in self._post("se/log", {"type": "performance"})
        ]
        urls = [
            str(message["params"]["request"]["url"])
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in urls if not url.startswith(("chrome", "data:", "about:"))]

    def screenshot(self, path: Path) -> None:
        answer = self._client.get(f"/session/{self._session}/screenshot")
        path.write_bytes(base64.b64decode(answer.json()["value"]))


@contextmanager
def opened_browser(profile: Path) -> Iterator[Page]:
    """A headless browser with a profile of its own, gone afterwards."""
    driver = subprocess.Popen(
        [str(shutil.which("chromedriver")), "--port=0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
    )  # fmt: skip
    assert driver.stdout is not None
    try:
        port = next(found.group(1) for line in driver.stdout if (found := _PORT.search(line)))
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False
        ) as client:
            session = _session(client, profile)
            try:
                yield Page(client, session)
            finally:
                client.delete(f"/session/{session}")
    finally:
        driver.terminate()
        driver.wait(timeout=20)
        driver.stdout.close()


def _session(client: httpx.Client, profile: Path) -> str:
    binary = next(found for found in map(shutil.which, BROWSERS) if found)
    capabilities = {
        "browserName": "chrome",
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        "goog:chromeOptions": {
            "binary": binary,
            "args": [*FLAGS, f"--user-data-dir={profile}", "--window-size=1280,1000"],
        },
    }
    answer = client.post("/session", json={"capabilities": {"alwaysMatch": capabilities}})
    assert answer.is_success, answer.text
    return str(answer.json()["value"]["sessionId"])
