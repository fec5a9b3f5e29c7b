"""What happens once per run, in the controlling process: the demo, sign-in, the cold start.

xdist workers reach the same object over a channel (`harness.session.remote`); tokens cross it in
memory, never by command line, environment or file.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.connector.model import Connector
from harness.demo import Demo
from harness.errors import SettingsError, TargetError
from harness.exchanges.context import RunContext
from harness.inputs.connection import signs_in_elsewhere, uses_tokens
from harness.redaction.learning import learn_claims, learn_settings
from harness.settings.secrets import is_secret
from harness.settings.values import Deferred, Settings, UserSettings
from harness.traffic.tls import has_own_store, system_context

if TYPE_CHECKING:
    from harness.callers.signing_in import SignIns
    from harness.redaction.redactor import Redactor

__all__ = ["Coordinator", "trust", "with_address"]

PUBLIC_FACTS = (
    "tenant_id",
    "client_id",
    "connector_client_id",
    "api_client_id",
    "scope",
    "authority",
)


class Coordinator:
    """The controlling process's side of a run; every method may be called from any thread."""

    def __init__(
        self,
        settings: Settings,
        connector: Connector,
        *,
        redactor: Redactor,
        make_prompt: Callable[[], Any],
        interactive: bool,
        demo_arguments: tuple[str, ...] = (),
    ) -> None:
        self._settings = settings
        self._connector = connector
        self._redactor = redactor
        self._make_prompt = make_prompt
        self._interactive = interactive
        self._demo_arguments = demo_arguments
        self._lock = threading.RLock()
        self._demo: Demo | None = None
        self._demo_failed: str | None = None
        self._sign_ins: SignIns | None = None
        self._effective: Settings | None = None
        self._genuine: dict[str, Any] | None = None

    @property
    def started(self) -> bool:
        """Whether anybody asked for the target yet (a demo then runs)."""
        return self._effective is not None

    @property
    def effective(self) -> Settings:
        """The settings with the demo's addresses and passwords in them, the demo started."""
        with self._lock:
            if self._effective is None:
                self._effective = self._with_demo() if self._settings.is_demo else self._settings
                learn_settings(self._redactor, self._effective)
            return self._effective

    def address(self) -> dict[str, Any]:
        """Where calls go, an extra CA file to trust, and the tenant's public facts."""
        settings = self.effective
        entra = settings.entra
        return {
            "url": settings.target_url,
            "ca": None if entra.ca_bundle is None else str(entra.ca_bundle),
            "entra": {name: getattr(entra, name) for name in PUBLIC_FACTS},
            "usernames": {name: user.username for name, user in settings.users.items()},
        }

    def bearer(self, caller: str, kind: str, *, refused: str | None = None) -> str:
        """The bearer token of a user or of the app itself (client credentials).

        Raises:
            SignInError: it cannot be had.
        """
        if not self._signs_in:
            return ""
        if self._tokens_from_elsewhere and caller in self.effective.users:
            return self._seen(caller, self._token_handed_in(caller))
        sign_ins = self.sign_ins
        if kind == "app":
            return self._seen("app", sign_ins.app_token(sign_ins.app_scope).value.reveal())
        token = sign_ins.token(caller)
        if refused is not None and token.value.reveal() == refused:
            token = sign_ins.token(caller, renew=True)
        learn_claims(self._redactor, caller, token.claims)
        return self._seen(caller, token.value.reveal())

    def connection(self, caller: str) -> dict[str, str]:
        """The values of a user's connection: the shared ones and the user's own.

        A caller who is no user (the app, a hostile token) has the default user's.

        Raises:
            SettingsError: an environment variable is not set.
        """
        settings = self.effective
        name = caller if caller in settings.users else settings.default_user
        own = settings.users[name].connection if name is not None else {}
        values = {**settings.connection.values, **own}
        found = {key: value.resolve() for key, value in values.items()}
        for key, value in found.items():
            if is_secret(values[key]):
                self._seen(f"{key} of {name}", value)
        return found

    @property
    def _signs_in(self) -> bool:
        """Whether users of this connector get tokens at all."""
        return uses_tokens(RunContext(self._connector, self._settings))

    @property
    def _tokens_from_elsewhere(self) -> bool:
        """Whether tokens are another provider's, which only the settings hand in."""
        return signs_in_elsewhere(RunContext(self._connector, self._settings))

    def _token_handed_in(self, caller: str) -> str:
        from harness.callers.external_tokens import any_token

        return any_token(self.effective.users[caller])

    def token(self, caller: str) -> dict[str, Any]:
        """A user's token as plain data: value, claims, expiry (epoch seconds), id token.

        Of a connector that signs in by a key there is none: what the settings call the user then
        stands for the claims that tell users apart.
        """
        if not self._signs_in or self._tokens_from_elsewhere:
            username = self.effective.users[caller].username
            claims = {} if username is None else {"preferred_username": username}
            return {"value": "", "claims": claims, "expires_at": 0.0, "id_token": None}
        token = self.sign_ins.token(caller)
        learn_claims(self._redactor, caller, token.claims)
        if token.id_token is not None:
            self._seen(f"id-token of {caller}", token.id_token.reveal())
        return {
            "value": self._seen(caller, token.value.reveal()),
            "claims": dict(token.claims),
            "expires_at": token.expires_at.timestamp(),
            "clock_skew": token.clock_skew,
            "id_token": None if token.id_token is None else token.id_token.reveal(),
        }

    def genuine_tokens(self) -> dict[str, Any]:
        """The tenant's tokens that hostile ones are made of, gathered once.

        Raises:
            SignInError: the default user's token cannot be had.
            SettingsError: no user is configured.
        """
        from harness.callers.token_supply import gather_ingredients

        with self._lock:
            if self._genuine is None:
                user = self.effective.default_user
                if user is None:
                    raise SettingsError("no user is configured: add [users.NAME] to the settings")
                tokens = self.effective.tokens
                self._genuine = gather_ingredients(
                    self.sign_ins, user, tokens.other_scope, keep_expired=tokens.keep_expired
                )
                for name in ("id_token", "app_only", "other_api", "yesterday"):
                    if self._genuine[name] is not None:
                        self._seen(name, self._genuine[name])
            return self._genuine

    def registration(self) -> dict[str, Any]:
        """Whether the connector's own registration works, as plain data."""
        from harness.callers.registration import check_registration

        return check_registration(self.sign_ins, self._connector.properties).to_plain()

    def _seen(self, whose: str, secret: str) -> str:
        """Remember a token, so that nothing written holds it."""
        self._redactor.know(secret, "{" + whose + "}")
        return secret

    @property
    def scope(self) -> str:
        """The scope to ask for: of the settings, else what the connector's properties imply.

        Raises:
            SettingsError: neither says.
        """
        from harness.connector.properties import expected_scope

        scope = self.effective.entra.scope
        if scope is None and self._connector.properties is not None:
            scope = expected_scope(self._connector.properties)
        if scope is None:
            raise SettingsError(
                "[entra] scope: is missing, and apiProperties.json has no usable resourceUri; "
                'set scope = "api://<api client id>/user_impersonation"'
            )
        return scope

    @property
    def sign_ins(self) -> SignIns:
        """The users' sign-ins, made on first demand."""
        with self._lock:
            if self._sign_ins is None:
                self._sign_ins = self._make_sign_ins()
            return self._sign_ins

    def _make_sign_ins(self) -> SignIns:
        from harness.callers.cache import CacheChoice
        from harness.callers.signing_in import SignIns

        settings = self.effective
        cache = CacheChoice.none() if settings.is_demo else CacheChoice.default()
        return SignIns(
            settings.entra,
            settings.users,
            scope=self.scope,
            flow=settings.sign_in,
            interactive=self._interactive,
            prompt=self._make_prompt(),
            cache=cache,
        )

    def _with_demo(self) -> Settings:
        # A demo that did not start will not start for the next check either.
        if self._demo_failed is not None:
            raise TargetError(self._demo_failed)
        try:
            self._demo = Demo(self._demo_arguments)
        except TargetError as error:
            self._demo_failed = str(error)
            raise
        return with_description(self._settings, self._demo.description)

    def close(self) -> None:
        """Forget tokens and stop the demo."""
        with self._lock:
            if self._sign_ins is not None:
                self._sign_ins.close()
            if self._demo is not None:
                self._demo.close()
                self._demo = None


def with_description(settings: Settings, description: Mapping[str, Any]) -> Settings:
    """The settings with what the emulator says of itself: addresses, clients, passwords."""
    entra = replace(
        settings.entra,
        tenant_id=description["tenant_id"],
        client_id=description["client_id"],
        connector_client_id=description["connector_client_id"],
        connector_client_secret=literal(description["client_secret"]),
        api_client_id=description["api_client_id"],
        scope=settings.entra.scope or description["scope"],
        authority=description["authority"],
        ca_bundle=Path(description["ca_file"]),
    )
    users = {
        name: replace(
            settings.users.get(name) or UserSettings(name),
            username=user["username"],
            password=literal(user["password"]),
        )
        for name, user in description["users"].items()
        if name in settings.users
    }
    tokens = replace(settings.tokens, other_scope=description["other_scope"])
    return replace(
        settings, target_url=description["app_url"], entra=entra, users=users, tokens=tokens
    )


def literal(text: str) -> Deferred:
    """A deferred text that stands for itself."""
    return Deferred(text.replace("$", "$$"), "the demo")


def trust(ca: str | None) -> ssl.SSLContext | bool:
    """The TLS trust of the run: the system's and certifi's, and an extra CA where one is set."""
    if ca is None and not has_own_store():
        return True
    context = system_context()
    if ca is not None:
        context.load_verify_locations(cafile=ca)
    return context


def with_address(settings: Settings, address: Mapping[str, Any]) -> Settings:
    """A worker's settings with what the controlling process told of target and tenant."""
    ca = address["ca"]
    entra = replace(settings.entra, ca_bundle=None if ca is None else Path(ca), **address["entra"])
    users = {
        name: replace(user, username=address["usernames"].get(name, user.username))
        for name, user in settings.users.items()
    }
    return replace(settings, target_url=address["url"], entra=entra, users=users)
