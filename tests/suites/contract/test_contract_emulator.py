"""The contract probes over the wire: every drift of the emulator's documents sample is found."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from harness.connector.loading import load_connector
from harness.connector.model import Connector
from harness.emulator import Emulator, EmulatorOptions
from harness.exchanges.context import RunContext, perform
from harness.findings.model import Judgement
from harness.settings.values import OperationSettings, Settings, UserSettings
from harness.suites.contract.judgement import judge_contract
from harness.suites.contract.plan import contract_plan
from harness.traffic.live import LiveSender
from harness.traffic.pacing import PacingLimits

SAMPLE = Path(__file__).parents[3] / "harness" / "emulator" / "samples" / "documents"
GIVEN = {
    "Hello": OperationSettings(body={"name": "Marc"}, has_body=True),
    "CreateDocument": OperationSettings(body={"title": "Minutes"}, has_body=True),
    "ReplaceDocument": OperationSettings(body={"title": "Corrected"}, has_body=True),
    "SearchDocuments": OperationSettings(parameters={"text": "report"}),
}
PATIENCE = PacingLimits(first_backoff_s=0.01, cold_start_s=5.0, read_s=10.0)
DRIFTS = [
    ("operation-gone:GetDocument", "contract.operation-gone"),
    ("operation-gone:ListDocuments", "contract.operation-gone"),
    ("base-path-moved", "contract.base-path"),
    ("path-moved:ListCategories", "contract.moved"),
    ("path-moved:CreateDocument", "contract.moved"),
    ("method-changed:ListCategories", "contract.operation-gone"),
    ("method-changed:ReplaceDocument", "contract.moved"),
    ("status-changed:ListDocuments", "contract.status"),
    ("server-error:SearchDocuments", "contract.server-error"),
    ("content-type-changed:GetDocument", "contract.content-type"),
    ("content-type-changed:Hello", "contract.content-type"),
    ("missing-property:GetDocument", "contract.body"),
    ("type-changed:GetDocument", "contract.body"),
    ("enum-changed:GetDocument", "contract.body"),
    ("format-changed:GetDocument", "contract.body"),
    ("array-to-object:ListDocuments", "contract.body"),
    ("extra-property:GetDocument", "contract.body"),
    ("null-value:GetDocument", "contract.null"),
    ("required-ignored:SearchDocuments", "contract.required-ignored"),
    ("required-ignored:CreateDocument", "contract.required-ignored"),
    ("undocumented-required:ListDocuments", "contract.undocumented-required"),
    ("valid-refused:SearchDocuments", "contract.valid-refused"),
    ("invalid-accepted:ListDocuments", "contract.invalid-accepted"),
    ("filter-ignored:ListDocuments", "contract.not-as-asked"),
    ("header-missing:GetDocument", "contract.content-type"),
    ("header-dropped:ListDocuments", "contract.headers"),
    ("huge:GetDocument", "contract.large"),
]


# What these faults do besides: the app lets everything pass; the padding is a property too many.
SIDE_EFFECTS = {
    "invalid-accepted:ListDocuments": {"contract.not-as-asked"},
    "required-ignored:CreateDocument": {"contract.invalid-accepted"},
    "huge:GetDocument": {"contract.body"},
}


class Tokens:
    """The coordinator of a single process: one token for everybody."""

    def __init__(self, token: str) -> None:
        self._token = token

    def bearer(self, _caller: str, _kind: str, **_more: str | None) -> str:
        return self._token


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(EmulatorOptions()) as running:
        yield running


@pytest.fixture(scope="module")
def connector() -> Connector:
    return load_connector(SAMPLE)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cases")


@pytest.fixture(scope="module")
def sender(emulator: Emulator) -> Iterator[LiveSender]:
    yield from _sender(emulator)


def _sender(emulator: Emulator, limits: PacingLimits = PATIENCE) -> Iterator[LiveSender]:
    tls = ssl.create_default_context(cafile=emulator.description["ca_file"])
    tokens = Tokens(signed_in(emulator, tls))
    opened = LiveSender(emulator.app_url, tokens, tls=tls, limits=limits)
    yield opened
    opened.close()


def signed_in(emulator: Emulator, tls: ssl.SSLContext) -> str:
    """Alice's token, by the password grant."""
    about = emulator.description
    user = about["users"]["alice"]
    form = {
        "grant_type": "password",
        "client_id": about["client_id"],
        "scope": about["scope"],
        "username": user["username"],
        "password": user["password"],
    }
    url = f"{about['authority']}/{about['tenant_id']}/oauth2/v2.0/token"
    return str(httpx.post(url, data=form, verify=tls).json()["access_token"])


def context(connector: Connector, emulator: Emulator, seed: int = 0) -> RunContext:
    settings = Settings(
        root=Path.cwd(),
        target_name="demo",
        target_url=emulator.app_url,
        writes="all",
        seed=seed,
        users={"alice": UserSettings("alice")},
        operations=GIVEN,
    )
    return RunContext(connector, settings)


def judged(here: RunContext, name: str, sender: LiveSender, kept: Path) -> Judgement:
    operation = here.connector.operation(name)
    exchanges = perform(contract_plan(here, operation, cache_dir=kept), sender.send)
    return judge_contract(here, operation, exchanges)


def rules(judgement: Judgement) -> list[str]:
    return [f.rule for f in judgement.findings if f.severity != "note"]


@pytest.mark.parametrize(
    "action", ["RedirectToLoginPage", "Return401", "Return403", "AllowAnonymous"]
)
def test_clean_app_is_silent_in_every_mode(connector: Connector, kept: Path, action: str) -> None:
    with Emulator(EmulatorOptions(action=action)) as running:
        for sender in _sender(running):
            here = context(connector, running)
            found = {o.id: judged(here, o.id, sender, kept) for o in connector.operations}

    assert {name: rules(j) for name, j in found.items() if rules(j)} == {}
    assert {name: j.unverified for name, j in found.items() if j.unverified} == {}


@pytest.mark.parametrize(("fault", "rule"), DRIFTS, ids=[fault for fault, _ in DRIFTS])
def test_drift_is_found_over_the_wire(
    emulator: Emulator,
    connector: Connector,
    sender: LiveSender,
    kept: Path,
    fault: str,
    rule: str,
) -> None:
    name = fault.partition(":")[2] or "ListDocuments"

    emulator.faults.on(fault)
    try:
        judgement = judged(context(connector, emulator), name, sender, kept)
    finally:
        emulator.faults.clear()

    assert rule in rules(judgement)
    assert set(rules(judgement)) - {rule} <= SIDE_EFFECTS.get(fault, set())


def test_answer_that_comes_too_late_is_found(
    emulator: Emulator, connector: Connector, kept: Path
) -> None:
    emulator.faults.on("slow:1")
    try:
        limits = PacingLimits(first_backoff_s=0.01, cold_start_s=1.0, read_s=0.2)
        for sender in _sender(emulator, limits):
            judgement = judged(context(connector, emulator), "ListCategories", sender, kept)
    finally:
        emulator.faults.clear()

    assert set(rules(judgement)) == {"contract.slow"}


@pytest.mark.parametrize("fault", ["cold-start", "throttle:ListDocuments"])
def test_passing_trouble_is_no_drift(
    emulator: Emulator, connector: Connector, sender: LiveSender, kept: Path, fault: str
) -> None:
    emulator.faults.on(fault)
    try:
        judgement = judged(context(connector, emulator), "ListDocuments", sender, kept)
    finally:
        emulator.faults.clear()

    assert rules(judgement) == []
    assert judgement.unverified is None


@pytest.mark.parametrize("seed", [0, 7])
def test_all_drifts_together_hide_none(
    emulator: Emulator, connector: Connector, sender: LiveSender, kept: Path, seed: int
) -> None:
    body = ["missing-property", "enum-changed", "format-changed", "extra-property"]
    faults = {
        "GetDocument": body,
        "ListDocuments": ["status-changed", "invalid-accepted", "header-dropped"],
        "WhoAmI": ["status-changed", "type-changed"],
        "SearchDocuments": ["required-ignored", "null-value"],
        "Hello": ["content-type-changed"],
        "ListCategories": ["operation-gone"],
    }
    here = context(connector, emulator, seed)
    for name, names in faults.items():
        for fault in names:
            emulator.faults.on(f"{fault}:{name}")
    try:
        found = {name: rules(judged(here, name, sender, kept)) for name in faults}
    finally:
        emulator.faults.clear()

    assert len(found["GetDocument"]) == len(body)
    assert set(found["ListDocuments"]) == {
        "contract.status",
        "contract.invalid-accepted",
        "contract.headers",
        "contract.not-as-asked",
    }
    assert set(found["WhoAmI"]) == {"contract.status", "contract.body"}
    assert set(found["SearchDocuments"]) == {"contract.required-ignored", "contract.null"}
    assert found["Hello"] == ["contract.content-type"]
    assert found["ListCategories"] == ["contract.operation-gone"]
