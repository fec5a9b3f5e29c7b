"""What was found of the connector's app registration, as plain data for rules and recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["CheckedRegistration", "RegistrationCheck", "State"]

State = Literal["ok", "broken", "skipped", "unknown"]


@dataclass(frozen=True, slots=True)
class RegistrationCheck:
    """One thing that was checked: `secret`, `consent` or `redirect`.

    broken: it does not work, `says` how; skipped: nothing to check, `says` why; unknown: it could
    not be found out.
    """

    name: str
    state: State
    says: str = ""
    subject: str = ""
    remedy: str = ""
    code: int | None = None
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedRegistration:
    """The connector's registration as it was found.

    `signing_client` is the client that signs users in; where it is another than the connector's,
    a run proves less. `remarks` are what the sign-ins of the run gave to know: (rule, user, text).
    """

    client_id: str
    signing_client: str
    parts: tuple[RegistrationCheck, ...]
    remarks: tuple[tuple[str, str, str], ...] = ()

    @property
    def is_same_client(self) -> bool:
        """Whether users sign in with the connector's own registration."""
        return self.client_id.lower() == self.signing_client.lower()

    def to_plain(self) -> dict[str, Any]:
        """JSON-plain data, for the way between processes and into recordings."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> CheckedRegistration:
        """What `to_plain` wrote."""
        return cls(
            plain["client_id"],
            plain["signing_client"],
            tuple(RegistrationCheck(**part) for part in plain["parts"]),
            tuple((rule, user, text) for rule, user, text in plain.get("remarks", ())),
        )
