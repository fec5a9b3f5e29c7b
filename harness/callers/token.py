"""A user's (or the app's) access token: hidden value, readable claims, and how long it lives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from harness.callers.claims import claims_of
from harness.settings.secret import Secret

__all__ = ["Token"]

DEFAULT_LIFETIME_S = 3600.0
LONGEST_S = 1e9


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """An access token. `claims` are decoded, not verified; {} for an opaque one.

    `expires_at` is aware UTC, by this computer's clock; `obtained` is seconds since the epoch;
    `source` says where it comes from: a flow's name, `cache`, `token` or `token-command`; `home` is
    MSAL's id of the account that signed in.
    """

    user: str
    value: Secret
    claims: Mapping[str, Any]
    expires_at: datetime
    id_token: Secret | None = None
    source: str = ""
    obtained: float = field(default=0.0, compare=False)
    home: str | None = field(default=None, compare=False)

    @classmethod
    def made(
        cls,
        user: str,
        value: str,
        *,
        now: float,
        source: str,
        expires_in: float | None = None,
        id_token: str | None = None,
        home: str | None = None,
    ) -> Token:
        """A token as it was just obtained; without `expires_in` its `exp` claim counts.

        Where both are told, `expires_in` wins: it does not depend on how our clock stands.
        """
        claims = claims_of(value)
        exp = claims.get("exp")
        if expires_in is None and isinstance(exp, int | float) and math.isfinite(exp):
            expires_in = exp - now
        lifetime = DEFAULT_LIFETIME_S if expires_in is None else expires_in
        lifetime = min(max(lifetime, -LONGEST_S), LONGEST_S)
        return cls(
            user,
            Secret(value),
            claims,
            datetime.fromtimestamp(now + lifetime, UTC),
            Secret(id_token) if id_token else None,
            source,
            now,
            home,
        )

    @classmethod
    def from_plain(cls, user: str, plain: Mapping[str, Any]) -> Token:
        """The token that the controlling process handed over in memory."""
        id_token = plain.get("id_token")
        return cls(
            user,
            Secret(plain["value"]),
            plain["claims"],
            datetime.fromtimestamp(plain["expires_at"], UTC),
            Secret(id_token) if id_token else None,
            str(plain.get("source") or "controller"),
        )

    def of_account(self, home: str, *, source: str | None = None) -> Token:
        """The same token, known to belong to that account of MSAL's cache."""
        return replace(self, home=home, source=source or self.source)

    @property
    def audience(self) -> str:
        """The `aud` claim, or "" (RFC 7519 4.1.3)."""
        aud = self.claims.get("aud")
        return aud if isinstance(aud, str) else " ".join(aud) if isinstance(aud, list) else ""

    def remaining(self, now: float) -> float:
        """Seconds of life left."""
        return self.expires_at.timestamp() - now

    @property
    def lifetime(self) -> float:
        """Seconds between obtaining it and its end."""
        return self.expires_at.timestamp() - self.obtained

    @property
    def clock_skew(self) -> float:
        """Seconds that this computer's clock is behind the issuer's (negative: ahead)."""
        exp = self.claims.get("exp")
        return exp - self.expires_at.timestamp() if isinstance(exp, int | float) else 0.0

    def __repr__(self) -> str:
        ends = self.expires_at.strftime("%Y-%m-%d %H:%M:%S UTC")
        return f"Token(user={self.user!r}, audience={self.audience!r}, expires_at={ends})"
