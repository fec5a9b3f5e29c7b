"""The ways one user gets a token: kept sign-in, password, device code, browser, or handed in."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from harness.callers.choosing import Flow, is_confidential, scopes_of, steps_for
from harness.callers.claims import claims_of, names_of
from harness.callers.connections import Connections
from harness.callers.device_code import sign_in_by_device_code, stopped
from harness.callers.diagnosis import Attempt, diagnose, interaction_needed
from harness.callers.entra_client import Account, EntraClient
from harness.callers.external_tokens import token_from_command, token_from_settings
from harness.callers.prompting import Prompt, SignInPage
from harness.callers.token import Token
from harness.errors import SignInError
from harness.settings.values import UserSettings

__all__ = ["PASSING_RULES", "Remark", "SignInFlows"]

BROWSER_S = 300
PASSING_RULES = frozenset({"sign-in.throttled", "sign-in.unreachable"})
"""Trouble that may pass by itself, so that a renewal is tried again later."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something worth knowing about a sign-in that worked; `rule` is the rule it falls under."""

    rule: str
    user: str | None
    text: str


class SignInFlows:
    """Signs users in and renews their tokens, without remembering either.

    `scope` is what to ask for; `flow` is `auto` or one way for all users; `interactive` says
    whether a person is there, whom `prompt` then asks.
    """

    def __init__(
        self,
        connections: Connections,
        users: Mapping[str, UserSettings],
        *,
        scope: str,
        flow: str,
        interactive: bool,
        prompt: Prompt,
    ) -> None:
        self._connections = connections
        self._users = users
        self._scopes = scopes_of(scope)
        self._flow = flow
        self._interactive = interactive
        self._prompt = prompt
        self._prompting = threading.Lock()
        self.remarks: list[Remark] = []

    def sign_in(self, user: UserSettings) -> Token:
        """The user's token by the first of the user's ways that works.

        Raises:
            SettingsError: a variable is not set.
            SignInError: none works, or somebody else signed in.
        """
        steps = steps_for(self._connections.entra, user, self._flow)
        dead_session: SignInError | None = None
        for step in steps:
            if step == "cache":
                token, dead_session = self._from_cache(user)
                if token is not None:
                    return self._as_configured(user, token)
            else:
                return self._by_step(user, step, dead_session)
        if dead_session is not None:
            raise dead_session
        raise interaction_needed(self._attempt(user, "cache"), self._why_not(user, steps))

    def _by_step(self, user: UserSettings, step: Flow, dead: SignInError | None) -> Token:
        now = self._connections.clock()
        if step == "token":
            return self._as_configured(user, token_from_settings(user, now))
        if step == "token-command":
            return self._as_configured(user, token_from_command(user, now))
        client, attempt = self._connections.users_client(), self._attempt(user, step)
        if step == "password":
            assert user.username is not None
            assert user.password is not None
            return client.by_password(attempt, self._scopes, user.username, user.password)
        if not self._interactive:
            raise dead or interaction_needed(
                attempt, "nobody is there to sign in, and no kept sign-in was found"
            )
        with self._prompting:
            if self._connections.is_stopped:
                raise stopped(attempt)
            self._tell_cache_notes()
            token = self._with_person(client, attempt, user, step)
        return self._as_configured(user, token)

    def _with_person(
        self, client: EntraClient, attempt: Attempt, user: UserSettings, step: Flow
    ) -> Token:
        if step == "device-code":
            token = sign_in_by_device_code(
                client,
                attempt,
                self._scopes,
                user.username,
                prompt=self._prompt,
                wait=self._connections.wait,
                clock=self._connections.clock,
            )
        else:
            page = SignInPage(user.name, user.username, "the page in your browser", "", BROWSER_S)
            self._prompt.show(page)
            token = client.in_browser(
                attempt,
                self._scopes,
                user.username,
                show=lambda url: self._prompt.note(f"no browser opened; open this page: {url}"),
                timeout_s=BROWSER_S,
            )
        self._prompt.end(f"{user.name}: signed in as {_name_in(token) or 'an account'}")
        return token

    def _from_cache(self, user: UserSettings) -> tuple[Token | None, SignInError | None]:
        """A token by a kept sign-in; or why the kept one is over."""
        opened = self._connections.cache
        if opened.kind == "none":
            return None, None
        client, attempt = self._connections.users_client(), self._attempt(user, "cache")
        account = self._account(client, attempt, user)
        if account is None:
            return None, None
        try:
            token = client.silent(attempt, self._scopes, account)
        except SignInError as error:
            if error.rule in PASSING_RULES:
                raise
            return None, error
        for text in opened.ageing:
            self.remark("sign-in.cache-ageing", user.name, text)
        opened.ageing.clear()
        return (
            (None, None)
            if token is None
            else (token.of_account(str(account["home_account_id"])), None)
        )

    def _account(self, client: EntraClient, attempt: Attempt, user: UserSettings) -> Account | None:
        """The user's account in the cache; without a configured name only where it is the sole."""
        accounts = client.accounts(attempt)
        if user.username is not None:
            wanted = user.username.lower()
            return next((a for a in accounts if str(a.get("username")).lower() == wanted), None)
        nameless = [each for each in self._users.values() if each.username is None]
        return accounts[0] if len(accounts) == 1 and len(nameless) == 1 else None

    def remark(self, rule: str, user: str | None, text: str) -> None:
        """Keep something worth knowing, and say it where sign-ins are shown."""
        self.remarks.append(Remark(rule, user, text))
        self._prompt.note(text)

    def _tell_cache_notes(self) -> None:
        opened = self._connections.cache
        for text in opened.notes:
            self._prompt.note(text)
        opened.notes.clear()

    def _as_configured(self, user: UserSettings, token: Token) -> Token:
        """The token, if it is of the configured account.

        Raises:
            SignInError: somebody else signed in; what that token may do proves nothing of `user`.
        """
        names = (*names_of(token.claims), *_id_names(token))
        if user.username is None or not names or user.username.lower() in names:
            return token
        remedy = (
            f"sign in as the account of [users.{user.name}] username (a private browser window "
            "helps), or correct the setting; where it is an alternate login id (a mail address), "
            "set the user principal name that the token has"
        )
        text = f"{user.name}: signed in as {names[0]}, not as the configured account"
        raise SignInError(
            f"{text}\n{remedy}", user=user.name, rule="sign-in.wrong-account", remedy=remedy
        )

    def _why_not(self, user: UserSettings, steps: tuple[Flow, ...]) -> str:
        if is_confidential(self._connections.entra) and steps == ("cache",):
            return (
                "no kept sign-in was found, and a client with a secret signs users in by password "
                "only: [users.{user}] has none".replace("{user}", user.name)
            )
        return "no kept sign-in was found, and only the cache may be used"

    def renew(self, user: UserSettings, token: Token) -> Token:
        """A new token by the refresh token, or by the command that printed the old one.

        Raises:
            SignInError: the refresh token is refused, or there is none.
        """
        if token.source == "token-command":
            return self._as_configured(user, token_from_command(user, self._connections.clock()))
        client, attempt = self._connections.users_client(), self._attempt(user, "refresh")
        account = client.account_of(attempt, token.home)
        fresh = None
        if account is not None:
            fresh = client.silent(attempt, self._scopes, account, force=True)
        if fresh is not None and account is not None:
            return fresh.of_account(str(account["home_account_id"]), source=token.source)
        if user.username is not None and user.password is not None and token.source == "password":
            return client.by_password(attempt, self._scopes, user.username, user.password)
        raise diagnose({"error": "login_required"}, attempt)

    def _attempt(self, user: UserSettings, flow: str) -> Attempt:
        entra = self._connections.entra
        scope = " ".join(self._scopes)
        known = (entra.client_id or "", entra.tenant_id or "", scope, is_confidential(entra))
        return Attempt(user.name, flow, *known)


def _id_names(token: Token) -> tuple[str, ...]:
    return () if token.id_token is None else names_of(claims_of(token.id_token.reveal()))


def _name_in(token: Token) -> str:
    return next(iter((*names_of(token.claims), *_id_names(token))), "")
