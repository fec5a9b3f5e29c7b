"""One connector's part in a run: its settings, its checks, its sign-in and what they tell.

Most runs have one part, with the name "". A run over several `[[connectors]]` has one for each row;
its checks stand under the row's name: `expenses/test_anonymous.py::test_call_is_refused[Hello]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import HarnessError
from harness.exchanges.context import FunctionApp
from harness.redaction.learning import learn_settings
from harness.report.publish import Concluded
from harness.session.check import Check, Run
from harness.session.coordinator import Coordinator, with_address
from harness.session.outcomes import CheckUnverified
from harness.session.remote import CoordinatorProxy
from harness.session.senders import make_sender

if TYPE_CHECKING:
    import httpx

    from harness.callers.token import Token
    from harness.redaction.redactor import Redactor
    from harness.session.gathering import Gathering
    from harness.session.inputs import Loaded
    from harness.settings.values import Settings

__all__ = ["ConnectorRun", "in_logs"]

MOST_PLANNED = 8
EXIT_UNVERIFIED = 6


class ConnectorRun:
    """One connector in one pytest process; `gathering` is None in an xdist worker."""

    def __init__(
        self,
        loaded: Loaded,
        coordinator: Coordinator | CoordinatorProxy,
        redactor: Redactor,
        gathering: Gathering | None,
        *,
        cache_dir: Path | None,
        worker: str,
    ) -> None:
        self.name = loaded.name
        self.coordinator = coordinator
        self.redactor = redactor
        self.gathering = gathering
        self._target_known = False
        self.run = Run(
            settings=loaded.settings,
            connector=loaded.connector,
            baseline=loaded.baseline,
            coordinator=coordinator,
            redactor=redactor,
            make_sender=make_sender,
            cache_dir=cache_dir,
            worker=worker,
            prefix=f"{loaded.name}/" if loaded.name else "",
        )

    # ------------------------------------------------------------------ what fixtures ask for

    def know_target(self) -> None:
        """Learn where calls go; a demo is started now, unless the run is a replay.

        Raises:
            CheckUnverified: the demo does not start.
        """
        if self._target_known or self.run.settings.cassettes_mode == "replay":
            return
        try:
            address = self.coordinator.address()
        except HarnessError as error:
            raise CheckUnverified(str(error)) from None
        self.run.settings = with_address(self.run.settings, address)
        learn_settings(self.redactor, self.run.settings)
        self._target_known = True

    def function_app(self) -> FunctionApp:
        """The target as users' tests see it."""
        self.know_target()
        return FunctionApp(self.run.settings.target_name, self.run.settings.target_url)

    def default_user(self) -> str:
        """The first user of the settings; skips the asking test where there is none."""
        name = self.run.settings.default_user
        if name is None:
            pytest.skip("no user is configured: add [users.NAME] to the settings")
        return name

    def client(self, user: str | None, current: Callable[[], Check | None]) -> httpx.Client:
        """A client for users' own tests; `current` is the check of the test that runs."""
        from harness.session.clients import open_client

        self.know_target()
        return open_client(self.run, user, current)

    def token(self, user: str, current: Check | None) -> Token:
        """A user's token for users' own tests."""
        from harness.session.facts import token_of_user

        self.know_target()
        return token_of_user(self.run, user, current)

    # ------------------------------------------------------------------ which items are its own

    def local_id(self, node_id: str) -> str:
        """A check's id within this part: the same as in a run of this connector alone."""
        own = node_id.removeprefix(self.run.prefix)
        if own != node_id or not self.name:
            return own
        return node_id.replace(f"[{self.name}]", "").replace(f"[{self.name}-", "[")

    def holds(self, path: Path) -> bool:
        """Whether a test file stands in a folder of tests that only this part names."""
        return any(path.is_relative_to(folder) for folder in self.run.settings.tests)

    # ------------------------------------------------------------------ what stands in the header

    def header(self, *, contract: bool) -> list[str]:
        """What is tested, and which calls that may change state will be sent."""
        settings, connector = self.run.settings, self.run.connector
        where = "the embedded emulator" if settings.is_demo else settings.target_url
        title = connector.title or connector.definition_path.name
        lines = [
            f"connector: {f'{self.name}: ' if self.name else ''}{title} "
            f"({len(connector.operations)} operations), "
            f"function app: {settings.target_name} ({where})"
        ]
        if settings.cassettes_mode != "off":
            lines.append(f"cassettes: {settings.cassettes_mode} in {settings.cassette_dir}")
        if settings.shard is not None:
            lines.append(f"part {settings.shard} of the operations")
        return lines + (self._planned_writes() if contract else [])

    def _planned_writes(self) -> list[str]:
        settings = self.run.settings
        if settings.cassettes_mode == "replay":
            return []
        from harness.inputs.write_policy import planned_writes

        shard = settings.shard
        own = [o for o in self.run.operations() if shard is None or shard.holds(o.id)]
        lines = planned_writes(self.run.context, own)
        if len(lines) > MOST_PLANNED:
            more = f"... and {len(lines) - MOST_PLANNED} more operations"
            lines = [*lines[:MOST_PLANNED], more]
        return [f"writes ({settings.writes}): {line}" for line in lines]

    # ------------------------------------------------------------------ the end

    def on_terminal(self, *, own_test: bool, people: bool) -> Callable[[str], str]:
        """How a text is cleaned that pytest shows: a user's test may print headers in any form.

        `people` hides names, ids and tenant too, as in every file.
        """
        if own_test:
            return lambda text: self.redactor.printed(text, people=people)
        return self.redactor.told if people else self.redactor.terminal

    def clean(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """A check's outcome and findings without secrets and identities, for pytest's own files."""
        assert self.gathering is not None
        return self.gathering.clean(payload)

    def effective_settings(self) -> Settings:
        """The settings with the demo's address in them, where it was started."""
        if isinstance(self.coordinator, Coordinator) and self.coordinator.started:
            return self.coordinator.effective
        return self.run.settings

    def conclude(
        self, pytests: int, *, interrupted: bool, suites_wanted: bool, hides_people: bool
    ) -> Concluded:
        """Write the recordings, and build the report. In the controlling process only."""
        gathering = self.gathering
        assert gathering is not None
        gathering.counters(self.run)
        settings = self.effective_settings()
        recorded = gathering.record(settings)
        status = gathering.exit_status(
            pytests, interrupted=interrupted, suites_wanted=suites_wanted
        )
        if not recorded and status == 0:
            status = EXIT_UNVERIFIED  # the app is right, but what should be kept is not
        report = gathering.build(settings, status)
        shown = report if hides_people else gathering.with_names(report)
        return Concluded(self.name, status, report, shown)

    def close(self) -> None:
        """Close connections, forget tokens, stop the demo."""
        self.run.close()
        if isinstance(self.coordinator, Coordinator):
            self.coordinator.close()


def in_logs(parts: Iterable[ConnectorRun], text: str) -> str:
    """A log record's text without the secrets and people of any part."""
    for part in parts:
        text = part.redactor.printed(text)
    return text
