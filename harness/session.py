"""The pytest hooks of a run with `--function-app`: collection, outcomes, exit status, report.

One object per process, registered by the plugin. In the controlling process it also owns sign-in,
the demo and the report; an xdist worker only collects, runs checks, and sends payloads home.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from harness import collecting
from harness.control import Controller, with_address
from harness.errors import HarnessError, SettingsError
from harness.loading_run import Loaded, load_run, options_of
from harness.outcomes import CheckOutcome, CheckUnverified
from harness.remote import RemoteController, serve
from harness.run import Check, Run
from harness.senders import make_sender
from harness.session_items import (
    can_prompt,
    is_quick,
    make_progress,
    operation_of,
    ours,
    prompt_maker,
    show_outcome,
    suite_of,
)

if TYPE_CHECKING:
    import httpx

    from harness.callers.token import Token
    from harness.clients import FunctionApp
    from harness.report.gather import Gathering
    from harness.settings import Settings

__all__ = ["HarnessSession"]

CHECK: pytest.StashKey[Check] = pytest.StashKey()
BEGAN: pytest.StashKey[float] = pytest.StashKey()
PAYLOAD = "connector_harness"
CHANNEL = "connector_harness_channel"
MOST_PLANNED = 8
OFFLINE_SUITES = frozenset({"definition", "compat"})


class HarnessSession:
    """The harness in one pytest process."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.is_worker = hasattr(config, "workerinput")
        self.options = options_of(config)
        self._loaded: Loaded = load_run(self.options, config.rootpath)
        self._target_known = False
        self._interrupted = False
        self._guard = contextlib.ExitStack()
        if self._loaded.settings.cassettes_mode == "replay":
            self._go_offline()
        self._selections, self._rest = self._split_arguments()
        self.controller: Controller | RemoteController = self._make_controller()
        self.gathering: Gathering | None = None if self.is_worker else self._make_gathering()
        self.progress = None if self.is_worker else make_progress()
        self.run = Run(
            settings=self._loaded.settings,
            connector=self._loaded.connector,
            baseline=self._loaded.baseline,
            controller=self.controller,
            make_sender=make_sender,
            cache_dir=self._cache_dir(),
            worker=self._worker_name(),
        )

    # ------------------------------------------------------------------ what fixtures ask for

    def check_for(self, item: pytest.Item) -> Check:
        """The check of an item, made on first demand; live suites then know their target."""
        suite = suite_of(item)
        check = Check(self.run, suite, operation_of(item), item.nodeid, quick=is_quick(self.config))
        item.stash[CHECK] = check
        if suite not in OFFLINE_SUITES:
            self.know_target()
        return check

    def know_target(self) -> None:
        """Learn where calls go; a demo is started now, unless the run is a replay."""
        if self._target_known or self.run.settings.cassettes_mode == "replay":
            return
        try:
            address = self.controller.address()
        except HarnessError as error:
            raise CheckUnverified(str(error)) from None
        self.run.settings = with_address(self.run.settings, address)
        self._target_known = True

    def function_app(self) -> FunctionApp:
        """The target as users' tests see it."""
        from harness.clients import FunctionApp

        self.know_target()
        return FunctionApp(self.run.settings.target_name, self.run.settings.target_url)

    def default_user(self) -> str:
        """The first user of the settings; skips the asking test where there is none."""
        name = self.run.settings.default_user
        if name is None:
            pytest.skip("no user is configured: add [users.NAME] to the settings")
        return name

    def client(self, user: str | None) -> httpx.Client:
        """A client for users' own tests."""
        from harness.clients import open_client

        self.know_target()
        return open_client(self.run, user, self.current_check)

    def token(self, user: str) -> Token:
        """A user's token for users' own tests."""
        from harness.checks import token_of_user

        self.know_target()
        return token_of_user(self.run, user, self.current_check())

    def current_check(self) -> Check | None:
        """The check of the user's test that runs now."""
        item = self._current
        if item is None:
            return None
        if CHECK not in item.stash:
            item.stash[CHECK] = Check(self.run, "tests", None, item.nodeid)
        return item.stash[CHECK]

    # ------------------------------------------------------------------ collection

    def pytest_collection(self) -> None:
        """Take our own arguments out of pytest's collection."""
        self.config.args[:] = self._rest

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Put the items of our suites first."""
        compat = self.run.settings.baseline is not None
        items[:0] = collecting.collect_suites(session, self._selections, compat=compat)

    @pytest.hookimpl(trylast=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One item per operation for tests that ask for our `operation` fixture."""
        if "operation" not in metafunc.fixturenames or not ours(metafunc):
            return
        ids = [operation.id for operation in self.run.operations()]
        try:
            metafunc.parametrize("operation", ids, ids=ids, indirect=True)
        except ValueError:
            # The project parametrises an `operation` of its own: leave it alone.
            return

    # ------------------------------------------------------------------ running

    _current: pytest.Item | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Know which item runs, and since when."""
        self._current = item
        item.stash[BEGAN] = time.perf_counter()
        try:
            return (yield)
        finally:
            self._current = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:
        """Turn our outcomes into pytest's, and attach the payload that travels home."""
        report: Any = yield
        error = call.excinfo.value if call.excinfo is not None else None
        outcome = error if isinstance(error, CheckOutcome) else None
        if outcome is not None:
            show_outcome(report, outcome)
        check = item.stash.get(CHECK, None)
        if check is not None and (report.when == "call" or outcome is not None):
            failed = error is not None and outcome is None and not report.skipped
            setattr(report, PAYLOAD, check.payload(outcome, self._seconds(item), failed=failed))
        return report  # type: ignore[no-any-return]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Know how many checks there will be."""
        self._session = session

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show how far the run is, on a terminal."""
        if self.progress is not None:
            self.progress.start(nodeid, self._session.testscollected)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what every check tells, in the controlling process."""
        if self.progress is not None:
            self.progress.finish(getattr(report, PAYLOAD, None), ended=report.when == "teardown")
        if self.gathering is None:
            return
        payload = getattr(report, PAYLOAD, None)
        self.gathering.add_report(report, payload)
        if payload is not None:
            from harness.report.pytest_junit import note_in_junit

            note_in_junit(self.config, report, payload)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file of the user's that cannot be collected is a failing test of the user's."""
        if self.gathering is not None and report.failed:
            self.gathering.user_failures += 1

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember Ctrl-C, which alone is exit status 2."""
        self._interrupted = self._interrupted or excinfo.type is KeyboardInterrupt

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give each xdist worker its channel to the controller."""
        channel = node.gateway.newchannel()
        node.workerinput[CHANNEL] = channel
        serve(self.controller, channel)

    # ------------------------------------------------------------------ the end

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the report and set the exit status."""
        try:
            if self.gathering is not None and not self.config.option.collectonly:
                self._conclude(session, self.gathering, int(exitstatus))
            elif self.is_worker:
                self._send_counters()
        finally:
            self.run.close()
            self._guard.close()
            if self.progress is not None:
                self.progress.close()
            if isinstance(self.controller, Controller):
                self.controller.close()

    def _conclude(self, session: pytest.Session, gathering: Gathering, pytests: int) -> None:
        gathering.counters(self.run)
        self._tell_secrets(gathering)
        settings = self.effective_settings()
        recorded = gathering.record(settings)
        status = gathering.exit_status(
            pytests, interrupted=self._interrupted, suites_wanted=bool(self._selections)
        )
        session.exitstatus = status if recorded else max(status, 1)
        gathering.finish(settings, session.exitstatus)

    def effective_settings(self) -> Settings:
        """The settings with the demo's address in them, where it was started."""
        if isinstance(self.controller, Controller) and self.controller.started:
            return self.controller.effective
        return self.run.settings

    def _tell_secrets(self, gathering: Gathering) -> None:
        """Hand every token and password of the run to the redactor before anything is written."""
        if isinstance(self.controller, Controller):
            for secret, placeholder in self.controller.known_secrets().items():
                gathering.redactor.know(secret, placeholder)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the counters of a worker that ends."""
        counters = getattr(node, "workeroutput", {}).get(PAYLOAD)
        if self.gathering is not None and counters is not None:
            self.gathering.add_counters(counters)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """One line a suite, then each finding."""
        if self.gathering is not None and not self.config.option.collectonly:
            self.gathering.print_summary(terminalreporter)
            self.gathering.publish(terminalreporter)

    def pytest_report_header(self) -> list[str]:
        """Say what is tested."""
        settings, connector = self.run.settings, self.run.connector
        where = "the embedded emulator" if settings.is_demo else settings.target_url
        name = connector.title or connector.definition_path.name
        lines = [
            f"connector: {name} ({len(connector.operations)} operations), "
            f"function app: {settings.target_name} ({where})"
        ]
        if settings.cassettes_mode != "off":
            lines.append(f"cassettes: {settings.cassettes_mode} in {settings.cassette_dir}")
        return lines + self._planned_writes()

    def _planned_writes(self) -> list[str]:
        """What will be sent to operations that change state, shown before it is sent."""
        settings = self.run.settings
        contract = any(selection.file == "test_contract.py" for selection in self._selections)
        if settings.cassettes_mode == "replay" or not contract:
            return []
        from harness.probes.contract_exclusions import planned_writes

        lines = planned_writes(self.run.situation, self.run.operations())
        if len(lines) > MOST_PLANNED:
            more = f"... and {len(lines) - MOST_PLANNED} more operations"
            lines = [*lines[:MOST_PLANNED], more]
        return [f"writes ({settings.writes}): {line}" for line in lines]

    # ------------------------------------------------------------------ making

    def _go_offline(self) -> None:
        """Forbid connections for the whole process; remote workers cannot be held to that."""
        from harness.traffic.offline import no_network

        remote = [spec for spec in self.config.getoption("tx", None) or () if "popen" not in spec]
        if remote:
            raise SettingsError(
                f"--cassettes replay with remote workers (--tx {remote[0]}): a replay opens no "
                "connection; use -n"
            )
        self._guard.enter_context(no_network())

    def _split_arguments(self) -> tuple[list[collecting.Selection], list[str]]:
        config = self.config
        if config.args_source is not pytest.Config.ArgsSource.ARGS:
            whole = [collecting.Selection(name) for name in collecting.SUITES]
            return whole, list(self._loaded.settings.tests)
        return collecting.split_arguments(config.args, config.invocation_params.dir)

    def _make_controller(self) -> Controller | RemoteController:
        if self.is_worker:
            return RemoteController(self.config.workerinput[CHANNEL])  # type: ignore[attr-defined]
        from harness.terminal_prompt import make_prompt

        return Controller(
            self._loaded.settings,
            self._loaded.connector,
            make_prompt=prompt_maker(self.config, make_prompt),
            interactive=can_prompt(self.config),
            demo_arguments=tuple(
                part for name in self.options.demo_faults for part in ("--fault", name)
            ),
        )

    def _make_gathering(self) -> Gathering:
        from harness.report.gather import Gathering

        return Gathering(self._loaded.settings, self._loaded.connector)

    def _cache_dir(self) -> Any:
        cache = getattr(self.config, "cache", None)
        return None if cache is None else cache.mkdir("connector-harness")

    def _worker_name(self) -> str:
        if not self.is_worker:
            return ""
        return f"{self.config.workerinput['workerid']}-"  # type: ignore[attr-defined]

    def _seconds(self, item: pytest.Item) -> float:
        return time.perf_counter() - item.stash.get(BEGAN, time.perf_counter())

    def _send_counters(self) -> None:
        from harness.report.gather import counters_of

        output = getattr(self.config, "workeroutput", None)
        if output is not None:
            output[PAYLOAD] = counters_of(self.run)
