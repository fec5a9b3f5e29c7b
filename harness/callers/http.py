"""The HTTP client that MSAL is given: our trust, our patience, and nothing of it in any log.

MSAL's own session is left aside because an environment variable for CA bundles wins over its
`verify`, and because MSAL drops the authority's port when it asks for the user's realm.
"""

from __future__ import annotations

import logging
import os
import re
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlunsplit

import certifi
import httpx

from harness.bounds.files import is_dir
from harness.bounds.parsing import parse_json
from harness.bounds.urls import split_url
from harness.callers.authority_error import AuthorityError
from harness.errors import SettingsError
from harness.traffic.tls import system_context

__all__ = ["AuthorityError", "AuthorityHttp", "quiet_loggers", "tls_context"]

CONNECT_S = 10.0
READ_S = 30.0
ATTEMPTS = 4
MOST_WAITING_S = 60.0
"""How long one request may wait for a throttled or failing authority, all attempts together."""
FIRST_PAUSE_S = 1.0
THROTTLED = 429
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_REALM = re.compile(r"(/common/userrealm/)(.*?)(\?api-version=[^?]*)?$")


def tls_context(
    ca_bundle: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    platform: str = sys.platform,
) -> ssl.SSLContext:
    """Trust the system's CAs and certifi's, those the usual variables name, and `ca_bundle`.

    On Windows and macOS the system itself judges certificates (truststore), so that a CA which a
    company installed there, its TLS inspection's too, is trusted as in a browser. Every source
    adds and none replaces another, so that a company's variable cannot switch off the CA of the
    settings.

    Raises:
        SettingsError: a bundle cannot be read as PEM.
    """
    context = system_context(platform)
    context.load_verify_locations(cafile=certifi.where())
    variables = os.environ if environ is None else environ
    named = {name: variables[name] for name in CA_VARIABLES if variables.get(name)}
    if ca_bundle is not None:
        named["[entra] ca-bundle"] = str(ca_bundle)
    for where, place in named.items():
        _trust_too(context, where, Path(place))
    return context


def _trust_too(context: ssl.SSLContext, where: str, path: Path) -> None:
    try:
        if is_dir(path):
            context.load_verify_locations(capath=str(path))
        else:
            context.load_verify_locations(cafile=str(path))
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "reason", None) or error.strerror
        raise SettingsError(
            f"{where}: the CA bundle {path.name!r} cannot be read as PEM ({reason})"
        ) from None


class Answer:
    """A response in the shape that MSAL reads: `status_code`, `text`, `headers`."""

    __slots__ = ("headers", "status_code", "text")

    def __init__(self, status_code: int, text: str, headers: Mapping[str, str]) -> None:
        self.status_code = status_code
        self.text = text
        self.headers = headers

    def raise_for_status(self) -> None:
        """Raise for an error status, as MSAL expects.

        Raises:
            AuthorityError: the status is 400 or more.
        """
        if self.status_code >= 400:
            raise AuthorityError("odd", f"the authority answered {self.status_code}")


class AuthorityHttp:
    """MSAL's `http_client`, bound to one authority.

    `wait` sleeps for some seconds and tells whether to go on (False: the run ends); `last_error`
    is the JSON body of the last error answer, which MSAL does not hand on for discovery.
    """

    def __init__(
        self,
        authority: str,
        *,
        ca_bundle: Path | None = None,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        quiet_loggers()
        self._authority = split_url(authority)
        self._wait = wait or _sleep
        self._client = httpx.Client(
            verify=tls_context(ca_bundle),
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
            follow_redirects=False,
        )
        self.last_error: Mapping[str, Any] | None = None

    def get(self, url: str, params: Any = None, headers: Any = None, **_unused: Any) -> Answer:
        """A GET as MSAL makes it.

        Raises:
            AuthorityError: no usable answer.
        """
        return self._send("GET", url, params, None, headers)

    def post(
        self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_unused: Any
    ) -> Answer:
        """A POST as MSAL makes it; `data` is a form.

        Raises:
            AuthorityError: no usable answer, or one that is not JSON.
        """
        answer = self._send("POST", url, params, data, headers)
        if _json_object(answer.text) is None and not _is_soap(data):
            raise AuthorityError("odd", _not_json(url, answer))
        return answer

    def page(self, url: str) -> Answer:
        """A GET of a page, redirects not followed, as a browser without a session would ask."""
        return self._send("GET", url, None, None, {"Accept": "text/html"})

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _send(self, method: str, url: str, params: Any, data: Any, headers: Any) -> Answer:
        target = self._mapped(url)
        waited, attempt = 0.0, 0
        while True:
            attempt += 1
            answer, error = self._attempt(method, target, params, data, headers)
            if answer is not None and answer.status_code < 500 and answer.status_code != THROTTLED:
                self._remember(answer)
                return answer
            error = error or _busy(answer, target)
            error.foreign = split_url(target).hostname != self._authority.hostname
            if error.trouble != "unreachable" and _holds_password(data):
                raise error  # it may have been counted already: a lock-out is the tenant's to give
            pause = error.retry_after_s or FIRST_PAUSE_S * attempt
            if not _worth_another_try(error, attempt, waited + pause) or not self._wait(pause):
                raise error
            waited += pause

    def _attempt(
        self, method: str, url: str, params: Any, data: Any, headers: Any
    ) -> tuple[Answer | None, AuthorityError | None]:
        """One request; httpx's errors become ours, without the request that they would carry."""
        kept = {k: v for k, v in (headers or {}).items() if v is not None}
        try:
            body = {"content": data} if _is_soap(data) else {"data": data}
            response = self._client.request(method, url, params=params, headers=kept, **body)
            return Answer(response.status_code, response.text, dict(response.headers)), None
        except httpx.HTTPError as error:
            return None, _translated(error, url)

    def _remember(self, answer: Answer) -> None:
        if answer.status_code >= 400:
            self.last_error = _json_object(answer.text)

    def _mapped(self, url: str) -> str:
        """The URL with the authority's port, which MSAL drops, and a safe user name in its path."""
        parts = split_url(url)
        ours = self._authority
        if ours.port and parts.port is None and parts.hostname == ours.hostname:
            url = urlunsplit(parts._replace(netloc=ours.netloc))
        found = _REALM.search(url)
        if found is None:
            return url
        name = quote(found[2], safe="@%")
        return url[: found.start()] + found[1] + name + (found[3] or "")


def quiet_loggers() -> None:
    """Keep MSAL's messages from every log and terminal: they show codes, assertions and bodies.

    A handler of its own keeps Python's last resort, which prints to standard error, out of it.
    """
    for name in ("msal", "msal_extensions"):
        logger = logging.getLogger(name)
        logger.propagate = False
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _is_soap(data: Any) -> bool:
    """Whether a POST is WS-Trust's (to AD FS), whose answers are XML; others send a form."""
    return isinstance(data, (str, bytes))


def _holds_password(data: Any) -> bool:
    """Whether a POST carries a user's password: the form of the grant, or WS-Trust's envelope."""
    return _is_soap(data) or (isinstance(data, Mapping) and "password" in data)


def _not_json(url: str, answer: Answer) -> str:
    is_page = answer.text.lstrip().startswith("<")
    what = "with a web page, as a proxy's" if is_page else "without JSON"
    return f"{_place(url)} answered {answer.status_code} {what}"


def _worth_another_try(error: AuthorityError, attempt: int, waited: float) -> bool:
    if error.trouble not in ("throttled", "down", "unreachable"):
        return False
    attempts = 2 if error.trouble == "unreachable" else ATTEMPTS
    return attempt < attempts and waited <= MOST_WAITING_S


def _busy(answer: Answer | None, url: str) -> AuthorityError:
    """What a 429 or 5xx means, with the wait it asks for (RFC 9110 10.2.3)."""
    assert answer is not None
    after = _seconds(next((v for k, v in answer.headers.items() if k.lower() == "retry-after"), ""))
    if answer.status_code == THROTTLED:
        asks = "" if after is None else f" and asks to wait {after:.0f} s"
        return AuthorityError("throttled", f"{_place(url)} throttles us (429){asks}", after)
    return AuthorityError("down", f"{_place(url)} answers {answer.status_code}", after)


def _seconds(text: str) -> float | None:
    try:
        return max(0.0, float(text))
    except ValueError:
        return None


def _translated(error: httpx.HTTPError, url: str) -> AuthorityError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return AuthorityError("untrusted", f"{_place(url)}: its certificate is not trusted")
    if isinstance(error, httpx.ProxyError) and "407" in str(error):
        return AuthorityError(
            "proxy", f"the company's proxy asks for a sign-in (407) on the way to {_place(url)}"
        )
    if isinstance(error, httpx.ProxyError):
        return AuthorityError("unreachable", f"the proxy did not let us through to {_place(url)}")
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return AuthorityError("unreachable", f"{_place(url)} cannot be reached: {error}")
    if isinstance(error, httpx.TimeoutException):
        return AuthorityError("odd", f"{_place(url)} did not answer within {READ_S:.0f} s")
    return AuthorityError("odd", f"{_place(url)}: {type(error).__name__}")


def _place(url: str) -> str:
    return split_url(url).netloc


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        parsed = parse_json(text)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return True
