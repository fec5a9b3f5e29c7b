"""The whole emulator: an authority and an app on free ports, in a thread of their own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import trustme

from harness.emulator.app_stack import AppStack
from harness.emulator.easy_auth import default_settings
from harness.emulator.entra import Entra
from harness.emulator.faults import Faults
from harness.emulator.functions_host import FunctionsHost
from harness.emulator.gateway import Gateway
from harness.emulator.identities import (
    API_CLIENT_ID,
    APP_ID_URI,
    CONNECTOR_CLIENT_ID,
    DAEMON_CLIENT_ID,
    OTHER_API_URI,
    SCOPE,
    TENANT_ID,
    make_tenant,
)
from harness.emulator.key_door import key_of
from harness.emulator.listener import Listener
from harness.emulator.upstream import Upstream
from harness.emulator.web import Answer, Handler, HttpRequest

__all__ = ["Emulator", "EmulatorOptions", "LogEntry", "sample_app"]

SHOWN_USERS = ("alice", "bob")


def sample_app(name: str = "documents") -> Path:
    """The function app of a sample.

    Raises:
        ValueError: there is no sample of that name.
    """
    samples = Path(__file__).parent / "samples"
    known = sorted(path.parent.name for path in samples.glob("*/function_app.py"))
    if name not in known:
        raise ValueError(f"there is no sample {name!r}; there are {', '.join(known)}")
    return samples / name / "function_app.py"


@dataclass(frozen=True, slots=True)
class EmulatorOptions:
    """What to emulate; `app` None and `upstream` None mean the documents sample."""

    app: Path | None = None
    upstream: str | None = None
    faults: tuple[str, ...] = ()
    auth_settings: Mapping[str, Any] | None = None
    action: str = "RedirectToLoginPage"
    token_version: int = 2
    login_page: str = "redirect"
    device_code: str = "auto"
    token_lifetime: int = 3600
    by_keys: bool = False
    gateway_key: str | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One request as it arrived: `raw_target` is the request line's very bytes."""

    side: str
    method: str
    raw_target: bytes
    headers: tuple[tuple[str, str], ...]
    status: int
    at: float


class Emulator:
    """A running emulator; use it as a context manager."""

    def __init__(self, options: EmulatorOptions | None = None) -> None:
        self._options = options or EmulatorOptions()
        self.faults = Faults()
        self.tenant = make_tenant(self._options.token_version)
        self._log: list[LogEntry] = []
        self._log_lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="connector-harness-ca-")
        self._ca = trustme.CA()
        self._build()

    def _build(self) -> None:
        options, tls = self._options, self._tls()
        entra_door = Listener(tls, self._logged("entra", self._to_entra))
        self._app_door = Listener(tls, self._logged("app", self._to_app), self._to_plain)
        self.authority = f"https://127.0.0.1:{entra_door.port}"
        self.app_url = f"https://127.0.0.1:{self._app_door.port}"
        self._listeners = (entra_door, self._app_door)
        self.entra = Entra(
            self.tenant,
            self.authority,
            self.faults,
            lifetime=options.token_lifetime,
            device_mode=options.device_code,
        )
        behind: FunctionsHost | Upstream = (
            Upstream(options.upstream)
            if options.upstream
            else FunctionsHost(options.app or sample_app())
        )
        self.host = behind if isinstance(behind, FunctionsHost) else None
        if self.host is not None:
            self.faults.know(self.host.faults)
            self.host.obey(self.faults.has)
        for name in options.faults:
            self.faults.on(name)
        settings = options.auth_settings or default_settings(
            self.authority, options.action, options.token_version
        )
        app = AppStack(
            behind,
            settings,
            self.entra,
            self.faults,
            login_page=options.login_page,
            by_keys=options.by_keys,
        )
        gateway = options.gateway_key and Gateway(options.gateway_key, self.faults, app.handle)
        self._app = gateway or app

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        self.ca_file = Path(self._folder.name) / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.ca_file))
        return context

    async def _to_entra(self, request: HttpRequest) -> Answer:
        return await self.entra.handle(request)

    async def _to_app(self, request: HttpRequest) -> Answer:
        return await self._app.handle(request)

    async def _to_plain(self, request: HttpRequest) -> Answer:
        """Plain http: sent to https, as App Service does, unless the fault serves it."""
        if self.faults.has("http-served"):
            return await self._app.handle(request)
        target = request.raw_target.decode("latin-1")
        return Answer(301, [("Location", f"https://{request.header('host')}{target}")])

    def _logged(self, side: str, handler: Handler) -> Handler:
        async def serve(request: HttpRequest) -> Answer:
            headers = tuple(request.headers)
            answer = await handler(request)
            with self._log_lock:
                self._log.append(
                    LogEntry(
                        side,
                        request.method,
                        request.raw_target,
                        headers,
                        answer.status,
                        time.time(),
                    )
                )
            return answer

        return serve

    @property
    def log(self) -> list[LogEntry]:
        """Every request so far, in the order of the answers."""
        with self._log_lock:
            return list(self._log)

    @property
    def description(self) -> dict[str, Any]:
        """Addresses, clients and users: what the process tells when it is ready."""
        client = self.tenant.clients[CONNECTOR_CLIENT_ID]
        daemon = self.tenant.clients[DAEMON_CLIENT_ID]
        return {
            "app_url": self.app_url,
            "http_url": self.app_url.replace("https:", "http:"),
            "authority": self.authority,
            "tenant_id": TENANT_ID,
            "ca_file": str(self.ca_file),
            "client_id": client.client_id,
            "client_secret": client.secret,
            "connector_client_id": client.client_id,
            "api_client_id": API_CLIENT_ID,
            "app_id_uri": APP_ID_URI,
            "scope": f"{APP_ID_URI}/{SCOPE}",
            "other_scope": f"{OTHER_API_URI}/{SCOPE}",
            "daemon": {"client_id": daemon.client_id, "client_secret": daemon.secret},
            "users": {
                user.key: {
                    "username": user.username,
                    "password": user.password,
                    "api_key": key_of(user),
                }
                for user in self.tenant.users.values()
            },
            "gateway_key": self._options.gateway_key,
            "shown_users": list(SHOWN_USERS),
            "device_page": f"{self.authority}/device",
        }

    def __enter__(self) -> Emulator:
        """Start serving in a thread of its own."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        if not ready.wait(timeout=20):
            raise RuntimeError("the emulator did not start in time")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving and remove the CA."""
        self._loop.call_soon_threadsafe(self._stop)
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._folder.cleanup()

    def _stop(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    def _serve(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        # A broken connection or a refused handshake is what some tests are about, not news.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._loop.set_exception_handler(lambda _loop, _context: None)

        async def run() -> None:
            ready.set()
            await asyncio.gather(*(listener.serve() for listener in self._listeners))

        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(run())
        with contextlib.suppress(RuntimeError):
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
