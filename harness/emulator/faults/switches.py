"""What can be made to go wrong, by name: for tests of each rule and for demonstrations.

A fault is on as `name`, or for one operation (or with a value) as `name:argument`.
"""

from __future__ import annotations

import threading

from harness.emulator.faults.registry import FAULTS

__all__ = ["Faults", "UnknownFault"]

DOOR = {
    "auth-off": "App Service Authentication lets everybody through (to one operation, or to all)",
    "foreign-redirect": "browsers are sent to a host that is not the tenant's sign-in",
    "wrong-tenant-redirect": "browsers are sent to another tenant's sign-in",
    "wrong-client-redirect": "the sign-in is for another app registration",
    "foreign-return-url": "after the sign-in browsers are sent to a foreign host",
    "basic-challenge": "the 401 asks for a Basic sign-in instead of a bearer token",
    "auth-me-someone-else": "/.auth/me names another user than the one who signed in",
    "no-nonce": "the redirect to the sign-in lacks nonce and state",
    "trust-principal-header": "a forged X-MS-CLIENT-PRINCIPAL counts as signed in",
    "data-in-401": "the refusal carries the data in its body",
    "foreign-challenge": "the challenge names another tenant",
    "http-served": "plain http is served",
    "admin-open": "/admin endpoints answer anonymous callers",
    "cors-wildcard-credentials": "CORS allows every origin with credentials",
    "auth-me-open": "/.auth/me answers anonymous callers with a session",
}
TOKEN = {
    "accept-expired": "expired tokens pass",
    "accept-not-yet-valid": "tokens that are not valid yet pass",
    "accept-wrong-audience": "tokens for another API pass",
    "accept-wrong-issuer": "tokens of another issuer pass",
    "accept-wrong-tenant": "tokens of another tenant pass",
    "accept-bad-signature": "tokens with a broken signature pass",
    "accept-unknown-key": "tokens signed by an unknown key pass",
    "accept-alg-none": "unsigned tokens pass",
    "accept-hs256-confusion": "tokens signed with the public key as HMAC secret pass",
    "accept-embedded-key": "tokens that bring their own key pass",
    "accept-no-scope": "user tokens without a scope pass",
    "accept-other-scope": "tokens of another scope pass",
    "accept-app-only": "app-only tokens pass",
    "accept-id-token": "id tokens pass",
    "accept-query-token": "a token in the query string counts",
    "accept-cookie-token": "a token in a cookie counts",
    "accept-truncated": "truncated tokens pass",
    "accept-outside-allow-list": "clients outside the allow-list pass",
    "signed-in-refused": "signed-in callers are refused, and callers without a token are served",
    "late-token-check": "the app refuses the input (400) before it looks at the token",
    "forbidden-for-invalid": "invalid tokens are answered with 403 instead of 401",
    "refuse-good-token": "good tokens are refused (audience mismatch)",
}
KEYS = {
    "key-any": "any key is accepted, an empty one too (with --by-keys)",
    "key-case": "keys are compared without regard to case (with --by-keys)",
    "key-elsewhere": "a key in the query string counts too (with --by-keys)",
}
GATEWAY = {
    "gateway-jwt": "the gateway in front checks tokens itself (with --gateway-key)",
}
DELEGATED = {
    "runs-as-app": "the function runs as the app's own identity",
    "first-user-cached": "the first user's identity is kept in a global",
    "whoami-someone-else": "the identity answer names another user",
    "identity-from-header": "the identity is taken from a header that the caller sends",
    "identity-from-query": "the identity is taken from a query parameter",
    "list-not-filtered": "lists show everybody's records",
    "get-not-checked": "objects are read by id without checking the owner",
    "update-not-checked": "objects are changed by id without checking the owner",
    "delete-not-checked": "objects are deleted by id without checking the owner",
    "cached-per-url": "answers are cached by URL, whoever asks",
    "swapped-under-concurrency": "concurrent answers of two users are swapped",
}
DRIFT = {
    "path-moved": "the operation answers at another path",
    "method-changed": "the operation answers another method",
    "required-ignored": "a required input is not asked for",
    "invalid-accepted": "invalid input is accepted",
    "filter-ignored": "the filter is ignored",
    "base-path-moved": "every route lost its prefix",
    "slow": "answers take so many seconds",
    "token-echoed": "the answer carries the caller's token",
    "throttle": "every third call is throttled with 429 and Retry-After",
    "cold-start": "the first calls meet 503",
    "reset": "the connection breaks instead of an answer",
}
ENTRA = {
    "entra-error": "sign-ins are refused with an AADSTS code (code, or code:user)",
    "entra-throttle": "so many requests are throttled with 429",
    "entra-slow": "answers of the tenant take so many seconds",
    "entra-down": "the tenant answers 503",
}
FAULTS.update({**DOOR, **TOKEN, **KEYS, **GATEWAY, **DELEGATED, **DRIFT, **ENTRA})


class UnknownFault(ValueError):
    """There is no fault of that name."""


class Faults:
    """The faults that are on; may be changed while the emulator runs, from any thread."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self._lock = threading.Lock()
        self._on: set[str] = set()
        self._known = dict(FAULTS)
        for name in names:
            self.on(name)

    def know(self, more: dict[str, str]) -> None:
        """Add the faults of the app itself."""
        self._known |= more

    def on(self, name: str) -> None:
        """Switch a fault on.

        Raises:
            UnknownFault: there is none of that name.
        """
        if name.partition(":")[0] not in self._known:
            raise UnknownFault(f"there is no fault {name!r}; see --list-faults")
        if name.startswith("entra-error"):
            fault, code, *user = [*name.split(":"), ""][:3]
            code = code.upper().removeprefix("AADSTS")
            if not code.isdigit():
                raise UnknownFault(f"{name!r}: name a code, as in entra-error:50126")
            name = ":".join(part for part in (fault, code, *user) if part)
        with self._lock:
            self._on.add(name)

    def off(self, name: str) -> None:
        """Switch a fault off."""
        with self._lock:
            self._on.discard(name)

    def clear(self) -> None:
        """Switch every fault off."""
        with self._lock:
            self._on.clear()

    def has(self, name: str, operation: str | None = None) -> bool:
        """Whether a fault is on, for everything or for this operation."""
        with self._lock:
            return name in self._on or (operation is not None and f"{name}:{operation}" in self._on)

    def argument(self, name: str) -> str | None:
        """What follows the fault's name: "" where nothing does, None where it is off."""
        with self._lock:
            found = sorted(n for n in self._on if n.partition(":")[0] == name)
        return None if not found else found[0].partition(":")[2]
