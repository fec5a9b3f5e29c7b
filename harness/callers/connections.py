"""What the sign-ins of a run share: the connection to the authority, the clients, the cache."""

from __future__ import annotations

import threading
from collections.abc import Callable

from harness.callers.cache import CacheChoice, OpenCache, open_cache
from harness.callers.choosing import is_confidential
from harness.callers.entra_client import (
    Credential,
    EntraClient,
    credential_of,
    secret_credential,
)
from harness.callers.http import AuthorityHttp
from harness.errors import SignInError
from harness.settings.values import EntraSettings

__all__ = ["Connections"]


class Connections:
    """Clients of one tenant over one HTTP connection, each made when first needed."""

    def __init__(
        self, entra: EntraSettings, choice: CacheChoice, clock: Callable[[], float]
    ) -> None:
        self.entra = entra
        self.clock = clock
        self._choice = choice
        self._stop = threading.Event()
        self._lock = threading.RLock()
        self._opened: OpenCache | None = None
        self._http: AuthorityHttp | None = None
        self._clients: dict[tuple[str, bool], EntraClient] = {}

    def wait(self, seconds: float) -> bool:
        """Sleep; False when the run is being stopped."""
        return not self._stop.wait(seconds)

    @property
    def is_stopped(self) -> bool:
        """Whether the run is being stopped."""
        return self._stop.is_set()

    @property
    def cache(self) -> OpenCache:
        """The users' token cache, opened on first use.

        Raises:
            SettingsError: what the environment hands in is no serialized cache.
        """
        with self._lock:
            if self._opened is None:
                self._opened = open_cache(
                    self._choice, authority=self.entra.authority, clock=self.clock
                )
            return self._opened

    @property
    def http(self) -> AuthorityHttp:
        """The connection to the authority."""
        with self._lock:
            if self._http is None:
                self._http = AuthorityHttp(
                    self.entra.authority, ca_bundle=self.entra.ca_bundle, wait=self.wait
                )
            return self._http

    def users_client(self) -> EntraClient:
        """The client that signs users in."""
        assert self.entra.client_id is not None
        return self._client(self.entra.client_id, credential_of(self.entra), for_users=True)

    def confidential_client(self) -> EntraClient:
        """The first client of the settings that can prove itself.

        Raises:
            SignInError: there is none.
        """
        entra = self.entra
        if is_confidential(entra) and entra.client_id:
            return self._client(entra.client_id, credential_of(entra), for_users=False)
        client_id = entra.connector_client_id or entra.client_id
        if entra.connector_client_secret is not None and client_id:
            secret = secret_credential(entra.connector_client_secret)
            return self._client(client_id, secret, for_users=False)
        remedy = "set [entra] connector-client-secret, or client-secret"
        raise SignInError(
            f"app: no client of the settings has a secret to prove itself by\n{remedy}",
            user="app",
            rule="sign-in.no-app-token",
            remedy=remedy,
        )

    def connector_client(self, client_id: str) -> EntraClient | None:
        """The connector's own client with its secret; None where no secret of it is known."""
        entra = self.entra
        if entra.connector_client_secret is not None:
            credential: Credential | None = secret_credential(entra.connector_client_secret)
        elif (entra.client_id or "").lower() == client_id.lower():
            credential = credential_of(entra)
        else:
            credential = None
        if credential is None:
            return None
        return self._client(client_id, credential, for_users=False)

    def close(self) -> None:
        """Stop what waits, and let go of connections."""
        self._stop.set()
        with self._lock:
            http, self._http = self._http, None
            self._clients.clear()
        if http is not None:
            http.close()

    def _client(
        self, client_id: str, credential: Credential | None, *, for_users: bool
    ) -> EntraClient:
        with self._lock:
            key = (client_id, for_users)
            if key not in self._clients:
                self._clients[key] = EntraClient(
                    self.entra,
                    client_id,
                    self.http,
                    credential=credential,
                    cache=self.cache.cache if for_users else None,
                    clock=self.clock,
                )
            return self._clients[key]
