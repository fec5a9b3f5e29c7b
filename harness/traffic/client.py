"""One call to an app over aiohttp, whose oddities stay here: the target goes out verbatim.

httpx and httpcore spend a millisecond and a half of processor time on a call, and a contract run
makes thousands; aiohttp's parser is compiled. No redirect is followed, no cookie kept, no header
added that a probe did not ask for, and the answer's headers keep their order and repetition.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from harness.bounds.urls import unresolved
from harness.exchanges.model import Headers, Response
from harness.traffic.unpacking import Unpacker

__all__ = ["AppClient", "NoAnswer"]

LONGEST_HEAD = 256 * 1024
ROUNDS_TO_CLOSE = 5
"""aiohttp lets go of transports, and the loop closes them in a later round."""

NEVER_ADDED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class NoAnswer(Exception):
    """There is no answer; the text says why.

    `is_final`: another try would end the same. `kind` is refused (no connection came about), silent
    (connected, and no answer in time) or broken.
    """

    def __init__(self, reason: str, *, is_final: bool = False, kind: str = "broken") -> None:
        super().__init__(reason)
        self.is_final = is_final
        self.kind = kind


class AppClient:
    """Sends requests to any number of origins; used from one event loop.

    `tls` is the trust for https origins; times are in seconds, `body_limit` in bytes.
    """

    def __init__(
        self, tls: ssl.SSLContext | bool, *, connect_s: float, read_s: float, body_limit: int
    ) -> None:
        self._tls = tls
        self._time = aiohttp.ClientTimeout(total=read_s, sock_connect=connect_s)
        self._body_limit = body_limit
        self._opened: aiohttp.ClientSession | None = None
        self._proxies: dict[str, str | None] = {}

    async def send(
        self,
        method: str,
        origin: str,
        target: str,
        headers: Headers,
        body: bytes | None,
        *,
        within_s: float | None = None,
    ) -> Response:
        """The response to one request; its body is cut beyond the limit.

        `within_s` is the time for all of it, where that is less than usual.

        Raises:
            NoAnswer: no connection, no whole answer in time, or what came is not HTTP.
        """
        began = time.perf_counter()
        try:
            async with self._session().request(
                method,
                URL(f"{origin}{target}", encoded=True),
                headers=_fields(headers),
                data=body,
                allow_redirects=False,
                timeout=self._timeout(within_s),
                proxy=self._proxy(origin),
            ) as answer:
                content, truncated = await self._content(answer)
                raw = answer.raw_headers
        except aiohttp.ConnectionTimeoutError:
            raise NoAnswer("no connect within the time limit", kind="refused") from None
        except TimeoutError:
            seconds = time.perf_counter() - began
            text = f"no answer within the time limit ({seconds:.0f} s)"
            raise NoAnswer(text, is_final=True, kind="silent") from None
        except aiohttp.ClientConnectorDNSError as error:
            text = unresolved(error.host)  # the app's, or a proxy's
            raise NoAnswer(text, is_final=True, kind="refused") from None
        except aiohttp.ClientConnectorError as error:
            text = f"connection refused or impossible: {error}"
            raise NoAnswer(text, is_final=True, kind="refused") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # ValueError: a header or target that cannot be sent (RFC 9112 section 11.1)
            text = f"the connection broke: {type(error).__name__}: {error}"
            raise NoAnswer(text, is_final=isinstance(error, ValueError)) from None
        told = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in raw)
        return Response(answer.status, told, content, time.perf_counter() - began, truncated)

    def _timeout(self, within_s: float | None) -> aiohttp.ClientTimeout:
        if within_s is None:
            return self._time
        return aiohttp.ClientTimeout(total=within_s, sock_connect=self._time.sock_connect)

    async def aclose(self) -> None:
        """Close every connection."""
        session, self._opened = self._opened, None
        if session is not None:
            await session.close()
            for _ in range(ROUNDS_TO_CLOSE):
                await asyncio.sleep(0)

    async def _content(self, answer: aiohttp.ClientResponse) -> tuple[bytes, bool]:
        """The body, unpacked, and whether it was cut."""
        unpacker = Unpacker(answer.headers.get("content-encoding", ""), self._body_limit)
        async for chunk in answer.content.iter_any():
            if not unpacker.feed(chunk):
                answer.close()
                break
        return unpacker.body()

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            # How many calls are in flight at once is the sender's to say.
            connector = aiohttp.TCPConnector(limit=0, ssl=self._tls)
            self._opened = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._time,
                auto_decompress=False,  # whole chunks at a time: a bomb would take gigabytes
                skip_auto_headers=NEVER_ADDED,
                max_line_size=LONGEST_HEAD,
                max_field_size=LONGEST_HEAD,
            )
        return self._opened

    def _proxy(self, origin: str) -> str | None:
        """The proxy that the environment (or the system's settings) names for an origin."""
        if origin not in self._proxies:
            parts = urlsplit(origin)
            named = getproxies()
            proxy = named.get(parts.scheme) or named.get("all")
            bypassed = bool(proxy_bypass(parts.hostname or ""))
            self._proxies[origin] = None if bypassed else proxy
        return self._proxies[origin]


def _fields(headers: Headers) -> list[tuple[str, str]]:
    """The headers under one spelling each: aiohttp lets another spelling replace the first."""
    spelt: dict[str, str] = {}
    return [(spelt.setdefault(name.lower(), name), value) for name, value in headers]
