"""The users' sign-ins of one run: each user signs in once, on first demand, in this process.

Tokens are held here and renewed quietly before they die, because MSAL counts everything under 300 s
of life as expired and would renew such tokens on every call. A user that failed is not tried again
in the run: repeated failures lock accounts.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.callers.cache import CacheChoice, OpenCache, export_cache
from harness.callers.choosing import check_settings, scopes_of
from harness.callers.connections import Connections
from harness.callers.flows import PASSING_RULES, Remark, SignInFlows
from harness.callers.prompting import NoPrompt, Prompt
from harness.callers.token import Token
from harness.errors import HarnessError, SettingsError, SignInError
from harness.settings.values import EntraSettings, UserSettings

__all__ = ["Remark", "SignIns"]

RENEWAL_GAP_S = 10.0
"""A user's token is renewed no more often than this."""
LEAST_LEFT_S = 60.0
LEAST_SHARE_LEFT = 0.2
SKEW_S = 300.0
HANDED_IN = ("token", "token-command")


@dataclass(slots=True)
class _Session:
    """One user in this run."""

    settings: UserSettings
    lock: threading.RLock = field(default_factory=threading.RLock)
    token: Token | None = None
    failure: SignInError | None = None
    renewable: bool = True
    renewed_for_refusal: bool = False
    tried: float = 0.0
    renewed: float | None = None


class SignIns:
    """Signs users in and holds their tokens; every method may be called from any thread.

    Arguments: `scope` is what to ask for; `flow` `auto` or one way for all users; `interactive`
    says whether a person is there; `prompt` is where sign-ins are shown.

    Raises:
        SettingsError: a combination of settings that cannot work; no call was made.
    """

    def __init__(
        self,
        entra: EntraSettings,
        users: Mapping[str, UserSettings],
        *,
        scope: str,
        flow: str = "auto",
        interactive: bool = False,
        prompt: Prompt | None = None,
        cache: CacheChoice | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        check_settings(entra, users, flow)
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions = {name: _Session(user) for name, user in users.items()}
        self._users = users
        self._scope = scope
        self._app_tokens: dict[str, Token] = {}
        self.connections = Connections(entra, cache or CacheChoice.default(), clock)
        self._ways = SignInFlows(
            self.connections,
            users,
            scope=scope,
            flow=flow,
            interactive=interactive,
            prompt=prompt or NoPrompt(),
        )

    def token(self, user_name: str, *, renew: bool = False) -> Token:
        """The user's token, signing in on first demand and renewing when little life is left.

        With `renew`, after a 401, it is renewed once; the same token comes back where renewing
        cannot help (it was just renewed for that reason, or was handed in).

        Raises:
            SettingsError: there is no such user, or a variable is not set.
            SignInError: the user cannot be signed in; the same again on every later call.
        """
        user = self._users.get(user_name)
        if user is not None and user.sign_in == "app":
            return self.app_token(self.app_scope)
        session = self._session(user_name)
        with session.lock:
            if session.failure is not None:
                raise again(session.failure)
            if session.token is None:
                self._first(session)
            elif renew:
                self._renew_refused(session, session.token)
            elif self._is_due(session, session.token):
                self._renew_quietly(session, session.token)
            assert session.token is not None
            return session.token

    def app_token(self, scope: str) -> Token:
        """A token without a user (client credentials), where a secret or certificate exists.

        `scope` is `<resource>/.default`.

        Raises:
            SignInError: no client of the settings can prove itself, or the authority refuses.
        """
        with self._lock:
            kept = self._app_tokens.get(scope)
        if kept is not None and kept.remaining(self._clock()) > LEAST_LEFT_S:
            return kept
        client = self.connections.confidential_client()
        attempt = client.attempt("app", "client credentials", [scope])
        token = client.for_app(attempt, scope)
        with self._lock:
            self._app_tokens[scope] = token
        return token

    def export(self) -> str:
        """The cache as one line of JSON for CI's secret store.

        Raises:
            SettingsError: no refresh token is cached.
        """
        names = [user.username for user in self._users.values()]
        return export_cache(
            self.connections.cache,
            self._clock(),
            client_id=self.connections.entra.client_id,
            usernames=[] if None in names else [name for name in names if name],
        )

    @property
    def cache(self) -> OpenCache:
        """The opened cache: what it became, and what the user should know of it."""
        return self.connections.cache

    def close(self) -> None:
        """Stop what waits, forget every token, let go of connections."""
        self.connections.close()
        for session in self._sessions.values():
            session.token = None
        self._app_tokens.clear()

    @property
    def app_scope(self) -> str:
        """The client-credentials scope of the API that users are signed in for."""
        return f"{scopes_of(self._scope)[0].rpartition('/')[0]}/.default"

    @property
    def failures(self) -> tuple[SignInError, ...]:
        """The sign-ins that failed so far, one for each such user."""
        return tuple(s.failure for s in self._sessions.values() if s.failure is not None)

    def has_token_of(self, client_id: str) -> bool:
        """Whether a user has a token that this client asked for, so that consent is proved."""
        tokens = [session.token for session in self._sessions.values() if session.token]
        clients = [str(t.claims.get("azp") or t.claims.get("appid") or "") for t in tokens]
        ours = [t for t in tokens if not t.claims and t.source not in HANDED_IN]
        return client_id.lower() in {client.lower() for client in clients} or bool(ours)

    def sign_in_somebody(self) -> None:
        """Sign the first user in, if nobody has tried yet; failures are remembered, not raised."""
        tried = any(s.token or s.failure for s in self._sessions.values())
        if tried:
            return
        with contextlib.suppress(HarnessError):
            self.token(next(iter(self._sessions), ""))

    def consent_of_connector(self, client_id: str) -> SignInError | None:
        """Sign a user in once more, with the connector's own client; the error, None if it works.

        Only a user whose password was just accepted is taken, so that no account comes to harm.

        Raises:
            SettingsError: a variable is not set.
        """
        client = self.connections.connector_client(client_id)
        user = next((u for u in self._users.values() if self._signed_in_by_password(u.name)), None)
        if client is None or user is None or user.username is None or user.password is None:
            remedy = (
                "consent of the connector's own client cannot be proved here: set [entra] "
                "connector-client-secret and a user with a password, or sign in with the "
                "connector's client"
            )
            return SignInError(remedy, rule="sign-in.no-app-token", remedy=remedy)
        scopes = scopes_of(self._scope)
        attempt = client.attempt(user.name, "password, connector's client", scopes)
        try:
            client.by_password(attempt, scopes, user.username, user.password)
        except SignInError as error:
            return error
        return None

    def _signed_in_by_password(self, name: str) -> bool:
        token = self._sessions[name].token
        return token is not None and token.source == "password"

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What is worth knowing of the sign-ins so far."""
        return tuple(self._ways.remarks)

    # ------------------------------------------------------------------ the first sign-in

    def _first(self, session: _Session) -> None:
        """Try the user's ways in order; remember the failure of the last one."""
        user = session.settings
        try:
            token = self._ways.sign_in(user)
        except SignInError as error:
            session.failure = error
            raise
        session.token, session.tried = token, self._clock()
        session.renewable = token.source != "token"
        if abs(token.clock_skew) > SKEW_S and token.source not in HANDED_IN:
            minutes = abs(token.clock_skew) / 60
            ahead = "behind" if token.clock_skew > 0 else "ahead of"
            text = f"this computer's clock is {minutes:.0f} min {ahead} the authority's"
            self._ways.remark("sign-in.clock", user.name, text)

    # ------------------------------------------------------------------ renewal

    def _is_due(self, session: _Session, token: Token) -> bool:
        """Whether little life is left, and the last try is long enough ago."""
        now = self._clock()
        margin = max(LEAST_LEFT_S, LEAST_SHARE_LEFT * token.lifetime)
        # A short-lived token would be due from its first second on: half its life it is used.
        margin = min(margin, token.lifetime / 2)
        little_left = token.remaining(now) <= margin
        return session.renewable and little_left and now - session.tried >= RENEWAL_GAP_S

    def _renew_quietly(self, session: _Session, token: Token) -> None:
        """A fresh token; while the old one lives, trouble with that is no failure."""
        try:
            session.token = self._renewed(session, token)
            session.renewed_for_refusal = False
        except SignInError as error:
            session.renewable = error.rule in PASSING_RULES
            if token.remaining(self._clock()) <= 0:
                session.failure = error
                raise

    def _renew_refused(self, session: _Session, token: Token) -> None:
        """A fresh token after a 401, once; unchanged where that cannot help."""
        now = self._clock()
        recently = session.renewed is not None and now - session.renewed < RENEWAL_GAP_S
        if not session.renewable or session.renewed_for_refusal or recently:
            return
        try:
            session.token = self._renewed(session, token)
            session.renewed_for_refusal = True
        except SignInError as error:
            if error.rule in PASSING_RULES and token.remaining(now) > 0:
                return
            session.failure = error
            raise

    def _renewed(self, session: _Session, token: Token) -> Token:
        session.tried = session.renewed = self._clock()
        return self._ways.renew(session.settings, token)

    def _session(self, user_name: str) -> _Session:
        session = self._sessions.get(user_name)
        if session is None:
            known = ", ".join(self._sessions) or "none"
            raise SettingsError(f"there is no user {user_name!r} in the settings; known: {known}")
        return session


def again(error: SignInError) -> SignInError:
    """The same error for another caller, without the traceback of the first."""
    return SignInError(
        str(error),
        user=error.user,
        rule=error.rule,
        code=error.code,
        correlation_id=error.correlation_id,
        remedy=error.remedy,
    )
