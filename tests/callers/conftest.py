"""An emulated tenant, fresh for each test, and settings that fit it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.callers.cache import CacheChoice
from harness.callers.prompting import SignInPage
from harness.callers.signing_in import SignIns
from harness.emulator import Emulator, EmulatorOptions
from harness.settings.values import Deferred, EntraSettings, UserSettings


@dataclass
class Recorded:
    """A prompt that keeps what it is told; `on_show` may act as the person."""

    pages: list[SignInPage] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    on_show: Callable[[SignInPage], None] = lambda _page: None
    on_count: Callable[[float], None] = lambda _left: None

    def show(self, page: SignInPage) -> None:
        self.pages.append(page)
        self.on_show(page)

    def count_down(self, seconds_left: float) -> None:
        self.left.append(seconds_left)
        self.on_count(seconds_left)

    def end(self, text: str) -> None:
        self.ends.append(text)

    def note(self, text: str) -> None:
        self.notes.append(text)


@dataclass
class Clock:
    """A clock that is set by hand."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Tenant:
    """The emulated tenant with the settings that a user of it would write."""

    emulator: Emulator
    prompt: Recorded = field(default_factory=Recorded)
    opened: list[SignIns] = field(default_factory=list)
    seen: int = 0

    def entra(self, **changes: Any) -> EntraSettings:
        facts = self.emulator.description
        return EntraSettings(
            **{
                "tenant_id": facts["tenant_id"],
                "client_id": facts["client_id"],
                "api_client_id": facts["api_client_id"],
                "scope": facts["scope"],
                "authority": facts["authority"],
                "ca_bundle": Path(facts["ca_file"]),
                **changes,
            }
        )

    def user(self, name: str, **changes: Any) -> UserSettings:
        known = self.emulator.description["users"][name]
        given = {"username": known["username"], "password": literal(known["password"]), **changes}
        return UserSettings(name, **given)

    def person(self, name: str, **changes: Any) -> UserSettings:
        """A user without a password."""
        return self.user(name, password=None, **changes)

    def sign_ins(
        self, *users: UserSettings, entra: EntraSettings | None = None, **options: Any
    ) -> SignIns:
        given = entra or self.entra()
        people = users or (self.user("alice"), self.user("bob"))
        options = {
            "scope": given.scope or self.emulator.description["scope"],
            "cache": CacheChoice.none(),
            "prompt": self.prompt,
            "interactive": True,
            **options,
        }
        made = SignIns(given, {user.name: user for user in people}, **options)
        self.opened.append(made)
        return made

    def close(self) -> None:
        for sign_ins in self.opened:
            sign_ins.close()

    @property
    def issued(self) -> list[tuple[str | None, str]]:
        """Who got a token, by which grant."""
        return [(sign_in.user, sign_in.grant) for sign_in in self.emulator.entra.grants.issued]

    def requests(self, path: str) -> int:
        """How many requests went to paths that end so."""
        log = self.emulator.log[self.seen :]
        return sum(entry.raw_target.decode().endswith(path) for entry in log)

    def as_new(self) -> None:
        """Forget what earlier tests did to the emulator."""
        self.seen = len(self.emulator.log)
        self.emulator.faults.clear()
        grants = self.emulator.entra.grants
        for held in (grants.issued, grants.flows, grants.failures, grants.device_queue):
            held.clear()
        for person in self.emulator.tenant.users.values():
            person.failures = 0


def literal(text: str) -> Deferred:
    return Deferred(text.replace("$", "$$"), "the test")


@pytest.fixture(scope="session")
def shared_emulator() -> Iterator[Emulator]:
    """One emulator for all tests that need no options of their own."""
    with Emulator(EmulatorOptions()) as emulator:
        yield emulator


@pytest.fixture
def tenant(shared_emulator: Emulator) -> Iterator[Tenant]:
    """The tenant as new."""
    made = Tenant(shared_emulator)
    made.as_new()
    yield made
    made.close()


@pytest.fixture
def special_tenant(request: pytest.FixtureRequest) -> Iterator[Tenant]:
    """A tenant of its own, with the `EmulatorOptions` that the test gives as parameter."""
    with Emulator(EmulatorOptions(**request.param)) as emulator:
        made = Tenant(emulator)
        yield made
        made.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()
