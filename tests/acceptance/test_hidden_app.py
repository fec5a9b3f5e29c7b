"""An app that answers 404 to callers without a token (RejectWith404), as the emulator does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness.connector.loading import load_connector
from harness.exchanges.context import RunContext, perform
from harness.findings.model import Judgement
from harness.settings.values import UserSettings
from harness.suites.anonymous.judgement import judge_anonymous
from harness.suites.anonymous.plan import anonymous_plan

from .test_proof_tokens import PUBLIC, SAMPLE, Bench, running


@pytest.fixture(scope="module")
def hiding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running(tmp_path_factory.mktemp("hidden"), action="RejectWith404") as bench:
        yield bench


@pytest.fixture
def bench(hiding: Bench) -> Iterator[Bench]:
    yield hiding
    hiding.emulator.faults.clear()


def judged(bench: Bench, operation: str) -> Judgement:
    settings = replace(
        bench.settings,
        anonymous=replace(PUBLIC, expect="404"),
        users={"alice": UserSettings("alice", username="alice@contoso.example")},
    )
    context = RunContext(load_connector(SAMPLE), settings)
    wanted = context.connector.operation(operation)
    exchanges = perform(anonymous_plan(context, wanted), bench.sender.send)
    return judge_anonymous(context, wanted, exchanges)


@pytest.mark.parametrize("operation", ["WhoAmI", "Hello", "ListDocuments", "CreateDocument"])
def test_404_is_a_refusal_where_a_user_is_answered(bench: Bench, operation: str) -> None:
    assert judged(bench, operation) == Judgement()


@pytest.mark.parametrize(
    ("fault", "operation", "rule"),
    [
        ("auth-off:WhoAmI", "WhoAmI", "anonymous.open"),
        ("slash-bypass", "ListDocuments", "anonymous.bypass"),
        ("trust-principal-header", "WhoAmI", "anonymous.bypass"),
    ],
)
def test_faults_of_a_door_that_hides_are_found(
    bench: Bench, fault: str, operation: str, rule: str
) -> None:
    bench.emulator.faults.on(fault)

    assert [finding.rule for finding in judged(bench, operation).findings] == [rule]
