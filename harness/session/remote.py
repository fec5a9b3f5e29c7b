"""Asking the controlling process from an xdist worker, over an execnet channel.

One question at a time per worker: `(method, arguments, named)` goes out, `(ok, value)` comes back.
Only the methods named here may be asked.
"""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from harness.errors import HarnessError, SettingsError, SignInError, TargetError
from harness.redaction.learning import learn_claims, learn_token
from harness.redaction.redactor import Redactor
from harness.settings.secrets import SHORTEST_LITERAL

__all__ = ["CoordinatorProxy", "serve"]

OTHER_TOKENS = ("id_token", "app_only", "other_api", "yesterday")
METHODS = frozenset({"address", "bearer", "connection", "token", "genuine_tokens", "registration"})


class CoordinatorProxy:
    """A worker's view of the coordinator: the same methods, answered over the channel."""

    def __init__(self, channel: Any, redactor: Redactor) -> None:
        self._channel = channel
        self._redactor = redactor
        self._lock = threading.Lock()

    def address(self) -> dict[str, Any]:
        """See `Coordinator.address`."""
        return dict(self._ask("address"))

    def bearer(self, caller: str, kind: str, *, refused: str | None = None) -> str:
        """See `Coordinator.bearer`."""
        bearer = str(self._ask("bearer", caller, kind, refused=refused))
        learn_token(self._redactor, caller, bearer, is_user=kind == "user")
        return bearer

    def connection(self, caller: str) -> dict[str, str]:
        """See `Coordinator.connection`."""
        values = dict(self._ask("connection", caller))
        for name, value in values.items():
            if len(value) >= SHORTEST_LITERAL:
                self._redactor.know(value, f"{{{name} of {caller}}}")
        return values

    def token(self, caller: str) -> dict[str, Any]:
        """See `Coordinator.token`."""
        token = dict(self._ask("token", caller))
        learn_token(self._redactor, caller, token["value"], is_user=True)
        learn_claims(self._redactor, caller, token["claims"])
        self._redactor.know(token["id_token"], f"{{id-token of {caller}}}")
        return token

    def genuine_tokens(self) -> dict[str, Any]:
        """See `Coordinator.genuine_tokens`."""
        tokens = dict(self._ask("genuine_tokens"))
        learn_token(self._redactor, tokens["user"], tokens["value"], is_user=True)
        for name in OTHER_TOKENS:
            self._redactor.know(tokens[name], "{" + name + "}")
        return tokens

    def registration(self) -> dict[str, Any]:
        """See `Coordinator.registration`."""
        return dict(self._ask("registration"))

    def _ask(self, method: str, *arguments: Any, **named: Any) -> Any:
        with self._lock:
            self._channel.send((method, arguments, named))
            ok, value = self._channel.receive()
        if ok:
            return value
        raise _rebuilt(value)


def serve(coordinator: Any, channel: Any) -> None:
    """Answer a worker's questions, each in a thread of its own so that a prompt blocks nobody."""

    def answer(message: Any) -> None:
        if message is None:
            return
        threading.Thread(target=respond, args=(message,), daemon=True).start()

    def respond(message: Any) -> None:
        method, arguments, named = message
        try:
            if method not in METHODS:
                raise HarnessError(f"a worker asked for {method!r}")
            reply = (True, getattr(coordinator, method)(*arguments, **named))
        except Exception as error:
            reply = (False, _plain(error))
        with contextlib.suppress(OSError):  # the worker has gone, as after Ctrl-C
            channel.send(reply)

    channel.setcallback(answer, endmarker=None)


def _plain(error: Exception) -> dict[str, Any]:
    plain: dict[str, Any] = {"kind": type(error).__name__, "message": str(error)}
    if isinstance(error, SignInError):
        plain |= {
            "user": error.user,
            "rule": error.rule,
            "code": error.code,
            "correlation_id": error.correlation_id,
            "remedy": error.remedy,
        }
    return plain


def _rebuilt(plain: dict[str, Any]) -> HarnessError:
    message = plain["message"]
    if plain["kind"] == "SignInError":
        return SignInError(
            message,
            user=plain["user"],
            rule=plain["rule"],
            code=plain["code"],
            correlation_id=plain["correlation_id"],
            remedy=plain["remedy"],
        )
    kinds = {"SettingsError": SettingsError, "TargetError": TargetError}
    return kinds.get(plain["kind"], HarnessError)(message)
