"""What probes and rules may know besides the exchanges: connector, settings, and where calls go."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from harness.bounds.urls import split_url
from harness.connector.model import Connector, Operation
from harness.exchanges.ledger import Ledger
from harness.exchanges.model import Exchange, Probe
from harness.settings.values import Settings

__all__ = ["FunctionApp", "Plan", "RunContext", "perform"]

Plan = Generator[list[Probe], list[Exchange], None]
"""A probe plan: yields batches of probes, and is sent the exchanges of each batch in turn."""


@dataclass(frozen=True, slots=True)
class FunctionApp:
    """The function app under test: its name as given and its URL."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class RunContext:
    """The fixed facts of a run. A path in the target URL replaces the definition's `basePath`.

    `ledger` is the one thing that grows: what this process has seen and made in the app.
    """

    connector: Connector
    settings: Settings
    quick: bool = False
    ledger: Ledger = field(default_factory=Ledger, compare=False)

    @property
    def origin(self) -> str:
        """Scheme, host and port that calls go to, without a trailing slash."""
        parts = split_url(self.settings.target_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def base_path(self) -> str:
        """The path before every operation's path: "" or "/api", without a trailing slash."""
        own = split_url(self.settings.target_url).path.rstrip("/")
        return own or self.connector.base_path.rstrip("/")

    @property
    def target_has_path(self) -> bool:
        """Whether the target URL has a path of its own, which then replaces every base path."""
        return bool(split_url(self.settings.target_url).path.rstrip("/"))

    def is_freed(self, operation: Operation) -> bool:
        """Whether settings or definition declare that the operation has no side effects."""
        return operation.declared_safe or self.settings.operation_settings(operation.id).safe


def perform(plan: Plan, send: Callable[[list[Probe]], list[Exchange]]) -> list[Exchange]:
    """Drive a probe plan to its end with a way to send batches; every exchange, in order."""
    gathered: list[Exchange] = []
    try:
        batch = next(plan)
        while True:
            exchanges = send(batch)
            gathered.extend(exchanges)
            batch = plan.send(exchanges)
    except StopIteration:
        return gathered
