"""An app that checks keys itself: a key in the header `x-api-key`, or user name and key by Basic.

It stands in the place of Easy Auth. Each user of the tenant has a key; whoever sends it runs as
that user, so that the sample's functions know whose call they serve.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Any

from harness.emulator.easy_auth import EasyAuth, is_identity
from harness.emulator.identities import User
from harness.emulator.web import Answer, HttpRequest

__all__ = ["KEY_HEADER", "KeyDoor", "key_of"]

KEY_HEADER = "x-api-key"
REFUSED = b'{"error":{"code":"Unauthorized","message":"A valid key is needed."}}'


def key_of(user: User) -> str:
    """The user's key: the same in every run, with letters of both cases."""
    return f"{user.key.title()}Key-of-the-sample"


class KeyDoor(EasyAuth):
    """Lets a call through with a user's key, as that user; refuses everything else with 401."""

    async def handle(self, request: HttpRequest) -> Answer:
        """Let a call through with its principal, or answer in the app's place."""
        forged = [(k, v) for k, v in request.headers if is_identity(k)]
        request.headers = [(k, v) for k, v in request.headers if not is_identity(k)]
        if request.path.startswith("/.auth/"):
            return Answer(404)
        if self._is_open(request, forged):
            return await self._app(request)
        user = self._user(request)
        if user is None:
            return Answer(401, [("Content-Type", "application/json")], REFUSED)
        self._inject(request, _claims(user))
        return await self._app(request)

    def _user(self, request: HttpRequest) -> User | None:
        users = self._entra.tenant.users.values()
        given, name = _given(request)
        if given is None and self._faults.has("key-elsewhere"):
            given = request.query.get(KEY_HEADER)
        if given is None:
            return None
        for user in users:
            if name in (None, user.username) and self._matches(given, key_of(user)):
                return user
        if self._faults.has("key-any"):
            return next(iter(users))
        return None

    def _matches(self, given: str, key: str) -> bool:
        if self._faults.has("key-case"):
            given, key = given.lower(), key.lower()
        return hmac.compare_digest(given.encode("utf-8"), key.encode("utf-8"))


def _given(request: HttpRequest) -> tuple[str | None, str | None]:
    """The key that a call brings, and the user name beside it."""
    key = request.header(KEY_HEADER)
    if key is not None:
        return key, None
    scheme, _, value = (request.header("authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        name, mark, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return None, None
    return (password, name) if mark else (None, None)


def _claims(user: User) -> Mapping[str, Any]:
    return {
        "preferred_username": user.username,
        "upn": user.username,
        "oid": user.object_id,
        "name": user.name,
        "scp": "user_impersonation",
    }
