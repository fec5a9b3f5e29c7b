"""The pytest hooks of a run with `--function-app`: collection, outcomes, exit status, report.

One object per process, registered by the plugin. In the controlling process it also owns sign-in,
the demo and the report; an xdist worker only collects, runs checks, and sends payloads home. A run
over many connectors has a part for each (`harness.session.connector_run`).
"""

from __future__ import annotations

import contextlib
import gc
import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from harness.redaction.learning import redactor_of
from harness.redaction.logs import clean_log_records
from harness.redaction.redactor import Redactor
from harness.session import collecting
from harness.session.check import Check
from harness.session.conditions import check_demo_faults, offline
from harness.session.connector_run import ConnectorRun, in_logs
from harness.session.coordinator import Coordinator
from harness.session.inputs import Loaded, load_runs, options_of, paths_from_here
from harness.session.items import (
    can_prompt,
    hide_secrets,
    is_quick,
    make_progress,
    on_build_server,
    operation_of,
    outcome_of,
    own_test,
    parametrize,
    prompt_maker,
    show_outcome,
    suite_of,
    suites_wanted,
    unverified_unless_judged,
    why,
)
from harness.session.other_plugins import check_other_plugins
from harness.session.preloading import preload_sign_in
from harness.session.pytest_junit import note_in_junit
from harness.session.remote import CoordinatorProxy, serve
from harness.session.sharding import leave_other_shards

if TYPE_CHECKING:
    from harness.report.publish import Published
    from harness.session.gathering import Gathering

__all__ = ["HarnessSession"]

CHECK: pytest.StashKey[Check] = pytest.StashKey()
BEGAN: pytest.StashKey[float] = pytest.StashKey()
PAYLOAD = "connector_harness"
PART = "connector_harness_part"
OWN_TEST = "connector_harness_own_test"
CHANNEL = "connector_harness_channel"
OFFLINE_SUITES = frozenset({"definition", "compat"})


class HarnessSession:
    """The harness in one pytest process."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.is_worker = hasattr(config, "workerinput")
        if not self.is_worker:
            paths_from_here(config)
        self.options = options_of(config)
        loaded = load_runs(self.options, config.rootpath)
        if not self.is_worker:
            check_demo_faults(self.options.demo_faults, [each.settings for each in loaded])
        self._interrupted = False
        self._guard = contextlib.ExitStack()
        is_replay = loaded[0].settings.cassettes_mode == "replay"
        check_other_plugins(config, is_replay=is_replay)
        self._hides_people = on_build_server(os.environ)
        if is_replay:
            self._guard.enter_context(offline(config))
        self._selections, self._rest = self._split_arguments(loaded)
        self.parts = {each.name: self._make_part(each, n) for n, each in enumerate(loaded)}
        self._guard.enter_context(
            clean_log_records(lambda text: in_logs(self.parts.values(), text))
        )
        self.progress = None if self.is_worker else make_progress()
        self.published: Published | None = None

    # ------------------------------------------------------------------ what fixtures ask for

    def check_for(self, item: pytest.Item) -> Check:
        """The check of an item, made on first demand; live suites then know their target."""
        check = self._check_of(item)
        if check.suite not in OFFLINE_SUITES:
            self.part_of(item).know_target()
        return check

    def part_of(self, item: pytest.Item) -> ConnectorRun:
        """The connector that an item is about."""
        module = item.getparent(collecting.SuiteModule)
        name = module.part if module is not None else None
        callspec = getattr(item, "callspec", None)
        if name is None and callspec is not None:
            name = callspec.params.get("connector_part")
        if name in self.parts:
            return self.parts[name]
        own = [part for part in self.parts.values() if part.holds(item.path)]
        return (own or [*self.parts.values()])[0]

    def current_check(self) -> Check | None:
        """The check of the user's test that runs now."""
        item = self._current
        if item is None:
            return None
        return self._check_of(item)

    def _check_of(self, item: pytest.Item) -> Check:
        """The check of an item, a user's test among them: also one that made no call has one."""
        if CHECK not in item.stash:
            part, suite, operation = self.part_of(item), "tests", None
            if item.getparent(collecting.SuiteModule) is not None:
                suite, operation = suite_of(item), operation_of(item)
            local, quick = part.local_id(item.nodeid), is_quick(self.config)
            item.stash[CHECK] = Check(part.run, suite, operation, local, quick=quick)
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
        parts = {name: part.run.settings.baseline is not None for name, part in self.parts.items()}
        items[:0] = collecting.collect_suites(session, self._selections, parts)
        leave_other_shards(self.config, self._first.run.settings.shard, items, self.part_of)

    @pytest.hookimpl(trylast=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One item per connector and operation for tests that ask for our fixtures."""
        module = metafunc.definition.getparent(collecting.SuiteModule)
        if module is not None:
            wanted = [self.parts[module.part]]
        else:
            path = metafunc.definition.path
            wanted = [part for part in self.parts.values() if part.holds(path)]
        parametrize(metafunc, wanted or [*self.parts.values()])

    def pytest_collection_finish(self) -> None:
        """Spare the garbage collector what the imports made: it stays, and it is a lot."""
        gc.freeze()

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

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        """A check of ours that cannot begin is unverified."""
        with unverified_unless_judged(item):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """A check of ours that breaks off is unverified: only a finding fails it."""
        with unverified_unless_judged(item):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:
        """Turn our outcomes into pytest's, and attach the payload that travels home."""
        report: Any = yield
        error = call.excinfo.value if call.excinfo is not None else None
        outcome = outcome_of(error)
        part = self.part_of(item)
        if outcome is not None:
            show_outcome(report, outcome)
        own = own_test(item)
        hide_secrets(report, part.on_terminal(own_test=own, people=self._hides_people))
        setattr(report, PART, part.name)
        setattr(report, OWN_TEST, own)
        ended = report.when == "call" or (report.when == "setup" and not report.passed)
        if ended or outcome is not None:
            failed = outcome is None and bool(report.failed)
            seconds = time.perf_counter() - item.stash.get(BEGAN, time.perf_counter())
            payload = self._check_of(item).payload(outcome, seconds, failed=failed)
            if failed and call.excinfo is not None:
                payload["check"]["reason"] = part.redactor.printed(why(call.excinfo), people=False)
            setattr(report, PAYLOAD, payload)
        return report  # type: ignore[no-any-return]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Know how many checks there will be."""
        self._session = session

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show how far the run is, on a terminal."""
        if self.progress is not None:
            self.progress.start(nodeid, self._session.testscollected)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Iterator[None]:
        """Gather what every check tells; what others write of it names nobody.

        Files are written meanwhile; the terminal's summary comes later, and may show real names.
        """
        if self.is_worker:
            return (yield)
        self._gather(report)
        part = self.parts.get(getattr(report, PART, "")) or self._first
        own = bool(getattr(report, OWN_TEST, True))
        shown = report.longrepr, report.sections
        hide_secrets(report, part.on_terminal(own_test=own, people=True))
        try:
            return (yield)
        finally:
            report.longrepr, report.sections = shown

    def _gather(self, report: pytest.TestReport) -> None:
        payload = getattr(report, PAYLOAD, None)
        if self.progress is not None:
            self.progress.finish(payload, ended=report.when == "teardown")
        part = self.parts.get(getattr(report, PART, "")) or self._first
        if part.gathering is None:
            return
        part.gathering.add_report(report, payload)
        if payload is not None:
            note_in_junit(self.config, report, part.clean(payload), part.name)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file of the user's that cannot be collected is a failing test of the user's."""
        if self._first.gathering is not None and report.failed:
            self._first.gathering.user_failures += 1

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember Ctrl-C, which alone is exit status 2."""
        self._interrupted = self._interrupted or excinfo.type is KeyboardInterrupt

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give each xdist worker a channel to the coordinator of each part."""
        if self._first.run.settings.cassettes_mode != "replay":
            preload_sign_in()
        for number, part in enumerate(self.parts.values()):
            channel = node.gateway.newchannel()
            node.workerinput[f"{CHANNEL}{number}"] = channel
            serve(part.coordinator, channel)

    # ------------------------------------------------------------------ the end

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the report and set the exit status."""
        try:
            if self.is_worker:
                self._send_counters()
            elif not self.config.option.collectonly:
                self._conclude(session, int(exitstatus))
        finally:
            for part in self.parts.values():
                part.close()
            self._guard.close()
            if self.progress is not None:
                self.progress.close()

    def _conclude(self, session: pytest.Session, pytests: int) -> None:
        from harness.report.publish import publish

        concluded = []
        for part in self._judged_parts():
            ended = part.conclude(
                pytests,
                interrupted=self._interrupted,
                suites_wanted=any(s.part in (None, part.name) for s in self._selections),
                hides_people=self._hides_people,
            )
            concluded.append(ended)
        self.published = publish(concluded, self._first.effective_settings())
        session.exitstatus = self.published.status

    def _judged_parts(self) -> list[ConnectorRun]:
        """The connectors that any check was about; all where there was none at all."""
        parts = [*self.parts.values()]
        told = [p for p in parts if p.gathering is not None and not p.gathering.is_empty]
        return told or parts

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the counters of a worker that ends."""
        counters = getattr(node, "workeroutput", {}).get(PAYLOAD, {})
        for name, own in counters.items():
            gathering = self.parts[name].gathering
            if gathering is not None:
                gathering.add_counters(own)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """One line a suite, then each finding."""
        if self.published is not None:
            self.published.show(terminalreporter)

    def pytest_report_header(self) -> list[str]:
        """Say what is tested."""
        contract = any(selection.file == "test_contract.py" for selection in self._selections)
        return [line for part in self.parts.values() for line in part.header(contract=contract)]

    # ------------------------------------------------------------------ making

    @property
    def _first(self) -> ConnectorRun:
        return next(iter(self.parts.values()))

    def _split_arguments(
        self, loaded: list[Loaded]
    ) -> tuple[list[collecting.Selection], list[str]]:
        config = self.config
        if config.args_source is not pytest.Config.ArgsSource.ARGS:
            marked = suites_wanted(config)
            whole = [
                collecting.Selection(file)
                for suite, file in collecting.FILES.items()
                if suite in marked
            ]
            tests = [folder for each in loaded for folder in each.settings.tests]
            return whole, list(dict.fromkeys(tests))
        names = [each.name for each in loaded]
        return collecting.split_arguments(config.args, config.invocation_params.dir, names)

    def _make_part(self, loaded: Loaded, number: int) -> ConnectorRun:
        worker = ""
        if self.is_worker:
            worker = f"{self.config.workerinput['workerid']}-"  # type: ignore[attr-defined]
        redactor = redactor_of(loaded.settings)
        return ConnectorRun(
            loaded,
            self._make_coordinator(loaded, number, redactor),
            redactor,
            None if self.is_worker else self._make_gathering(loaded, redactor),
            cache_dir=self._cache_dir(),
            worker=worker,
        )

    def _make_coordinator(
        self, loaded: Loaded, number: int, redactor: Redactor
    ) -> Coordinator | CoordinatorProxy:
        if self.is_worker:
            channel = self.config.workerinput[f"{CHANNEL}{number}"]  # type: ignore[attr-defined]
            return CoordinatorProxy(channel, redactor)
        from harness.session.terminal_prompt import make_prompt

        return Coordinator(
            loaded.settings,
            loaded.connector,
            redactor=redactor,
            make_prompt=prompt_maker(self.config, make_prompt),
            interactive=can_prompt(self.config),
            demo_arguments=tuple(
                part for name in self.options.demo_faults for part in ("--fault", name)
            ),
        )

    def _make_gathering(self, loaded: Loaded, redactor: Redactor) -> Gathering:
        from harness.session.gathering import Gathering

        return Gathering(loaded.settings, loaded.connector, redactor)

    def _cache_dir(self) -> Any:
        cache = getattr(self.config, "cache", None)
        try:
            return None if cache is None else cache.mkdir("connector-harness")
        except OSError:  # a root folder that cannot be written to costs time, not correctness
            return None

    def _send_counters(self) -> None:
        from harness.session.gathering import counters_of

        output = getattr(self.config, "workeroutput", None)
        if output is not None:
            output[PAYLOAD] = {name: counters_of(part.run) for name, part in self.parts.items()}
