"""Many connectors in one settings file: one run, one verdict, a part of the report for each."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.emulator import Emulator

from .conftest import SAMPLES, Ran, Runner, write_settings

ROWS = """
[[connectors]]
name = "documents"
connector = "connectors/documents"
function-app = "{app}"
[[connectors]]
name = "greeting"
connector = "connectors/greeting"
function-app = "{app}"
operations = {{ Hello = {{ body = {{ name = "Marc" }} }} }}
tests = {tests}
"""
FEW = ("-m", "quick and not tokens", "-k", "WhoAmI or Hello or files or identity or shut")
OWN_TEST = """
def test_own(connector, function_app, anonymous_client):
    assert len(connector.operations) == {operations}
    assert anonymous_client.get("/whoami").status_code in (401, 302, 404)

def test_each(operation, connector):
    assert operation in connector.operations
"""


def make_connectors(folder: Path) -> None:
    documents = folder / "connectors" / "documents"
    greeting = folder / "connectors" / "greeting"
    for target in (documents, greeting):
        target.mkdir(parents=True)
        for name in ("apiDefinition.swagger.json", "apiProperties.json"):
            shutil.copy(SAMPLES / "documents" / name, target / name)
    path = greeting / "apiDefinition.swagger.json"
    definition = json.loads(path.read_text(encoding="utf-8"))
    definition["paths"] = {p: item for p, item in definition["paths"].items() if p == "/Hello"}
    definition["info"]["title"] = "Greeting"
    path.write_text(json.dumps(definition, indent=1), encoding="utf-8")


@pytest.fixture
def many(tmp_path: Path, emulator: Emulator) -> Path:
    """A folder with two connectors of one app; the shared settings speak of both."""
    emulator.faults.clear()
    make_connectors(tmp_path)
    rows = ROWS.format(app="emulated", tests="[]")
    write_settings(tmp_path, emulator, rows)
    return tmp_path


def checks(ran: Ran) -> dict[str, str]:
    return {check["id"]: check["outcome"] for check in ran.report["checks"]}


def test_all_rows_run_and_the_report_has_a_part_for_each(run_pytest: Runner, many: Path) -> None:
    ran = run_pytest("--function-app", "all", *FEW)

    assert ran.status == 0, ran.output
    assert [part["name"] for part in ran.report["parts"]] == ["documents", "greeting"]
    found = checks(ran)
    assert found["documents/test_anonymous.py::test_call_is_refused[WhoAmI]"] == "passed"
    assert found["greeting/test_anonymous.py::test_call_is_refused[Hello]"] == "passed"
    assert "greeting/test_anonymous.py::test_call_is_refused[WhoAmI]" not in found
    ids = [e["id"] for part in ran.report["parts"] for e in part["exchanges"]]
    assert len(ids) == len(set(ids))
    sent = [part["requests"]["sent"] for part in ran.report["parts"]]
    assert ran.report["requests"]["sent"] == sum(sent)
    assert min(sent) > 0
    page = (many / "reports" / "index.html").read_text(encoding="utf-8")
    assert "greeting" in page


@pytest.mark.parametrize("workers", ["0", "2"])
def test_fault_of_one_is_found_there_alone(
    run_pytest: Runner, many: Path, emulator: Emulator, workers: str
) -> None:
    emulator.faults.on("type-changed:WhoAmI")

    ran = run_pytest(
        "--function-app", "all", "-m", "contract", "-k", "WhoAmI or Hello", "-n", workers
    )

    assert ran.status == 1, ran.output
    assert {part["name"]: part["verdict"] for part in ran.report["parts"]} == {
        "documents": "fail",
        "greeting": "pass",
    }
    [finding] = [f for f in ran.report["findings"] if f["severity"] == "error"]
    assert (finding["connector"], finding["operation"]) == ("documents", "WhoAmI")
    assert set(finding["evidence"]) <= {e["id"] for e in ran.report["exchanges"]}
    assert "pytest --function-app all" in ran.output
    assert "documents/test_contract.py::test_matches_definition[WhoAmI]" in ran.output


def test_check_runs_again_by_its_id(run_pytest: Runner, many: Path) -> None:
    one = "greeting/test_anonymous.py::test_call_is_refused[Hello]"

    ran = run_pytest("--function-app", "all", one)

    assert ran.status == 0, ran.output
    assert ran.report["connector"]["title"] == "Greeting"
    assert [check["id"] for check in ran.report["checks"]] == [one.partition("/")[2]]


def test_one_row_runs_by_its_name_and_replays_what_all_recorded(
    run_pytest: Runner, many: Path
) -> None:
    recorded = run_pytest("--function-app", "all", *FEW, "--cassettes", "record", "-n", "2")
    alone = run_pytest("--function-app", "greeting", *FEW, "--cassettes", "replay")
    together = run_pytest("--function-app", "documents,greeting", *FEW, "--cassettes", "replay")

    assert recorded.status == 0, recorded.output
    assert (many / "cassettes" / "greeting" / "anonymous" / "Hello.yaml").exists()
    assert alone.status == 0, alone.output
    assert "parts" not in alone.report
    assert together.status == 0, together.output
    assert together.report["requests"]["sent"] == 0
    assert checks(together) == checks(recorded)


def test_own_tests_run_for_each_connector_that_names_them(
    run_pytest: Runner, tmp_path: Path, emulator: Emulator
) -> None:
    make_connectors(tmp_path)
    write_settings(tmp_path, emulator, ROWS.format(app="emulated", tests='["own"]'))
    settings = tmp_path / "connector-harness.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text('tests = ["shared"]\n' + text, encoding="utf-8")
    for name, operations in (("own", "1"), ("shared", "11")):
        (tmp_path / name).mkdir()
        test = OWN_TEST.format(operations=operations)
        (tmp_path / name / f"test_{name}.py").write_text(test, encoding="utf-8")

    ran = run_pytest("--function-app", "all", "own", "shared", "-v")

    assert ran.status == 0, ran.output
    assert "own/test_own.py::test_own[greeting] PASSED" in ran.output
    assert "shared/test_shared.py::test_own[documents] PASSED" in ran.output
    assert "own/test_own.py::test_each[greeting-Hello] PASSED" in ran.output
    assert "shared/test_shared.py::test_each[documents-WhoAmI] PASSED" in ran.output
    assert "[documents]" not in ran.output.replace("shared/test_shared.py::test_own[documents]", "")


def test_redeploy_of_what_passed_is_allowed_beside_one_that_failed(
    run_pytest: Runner, many: Path, emulator: Emulator
) -> None:
    emulator.faults.on("type-changed:WhoAmI")
    run_pytest("--function-app", "all", "-m", "contract", "-k", "WhoAmI or Hello")

    status = {
        name: subprocess.run(
            [
                *(sys.executable, "-m", "harness", "report", "reports/report.json"),
                *("--check-hash", f"connectors/{name}"),
            ],
            cwd=many,
            check=False,
            capture_output=True,
        ).returncode
        for name in ("documents", "greeting")
    }

    assert status == {"documents": 1, "greeting": 0}


Edit = Callable[[str], str]


@pytest.mark.parametrize(
    ("arguments", "edit", "says"),
    [
        pytest.param(
            ("--function-app", "greting"),
            lambda text: text,
            "means none of the [[connectors]] in connector-harness.toml; name one (documents",
            id="unknown row",
        ),
        pytest.param(
            ("--function-app", "all", "--connector", "connectors/documents"),
            lambda text: text,
            "--connector with several [[connectors]] (documents, greeting): name one of them",
            id="connector for several",
        ),
        pytest.param(
            ("--function-app", "all", "--connector-operation", "Nowhere"),
            lambda text: text,
            "--connector-operation Nowhere: none of the connectors has it",
            id="operation of none",
        ),
        pytest.param(
            ("--function-app", "all", "--connector-baseline", "connectors/documents"),
            lambda text: text,
            "holds no folder documents; with several connectors it needs one for each",
            id="one baseline for several",
        ),
        pytest.param(
            ("--function-app", "all"),
            lambda text: text.replace('name = "greeting"', 'name = "documents"'),
            "[[connectors]] name: each row needs a name of its own",
            id="name twice",
        ),
        pytest.param(
            ("--function-app", "all"),
            lambda text: text.replace("{ Hello =", "{ Helo ="),
            "[[connectors]] greeting operations: ",
            id="operation unknown to its row",
        ),
    ],
)
def test_wrong_choice_is_one_clear_line(
    run_pytest: Runner, many: Path, arguments: tuple[str, ...], edit: Edit, says: str
) -> None:
    settings = many / "connector-harness.toml"
    settings.write_text(edit(settings.read_text(encoding="utf-8")), encoding="utf-8")

    ran = run_pytest(*arguments)

    assert ran.status == 4
    assert says in ran.output
    assert "Traceback" not in ran.output


def test_baseline_folder_holds_one_for_each(run_pytest: Runner, many: Path) -> None:
    shutil.copytree(many / "connectors", many / "deployed")
    path = many / "deployed" / "greeting" / "apiDefinition.swagger.json"
    deployed = json.loads(path.read_text(encoding="utf-8"))
    deployed["paths"]["/Bye"] = {
        "get": {"operationId": "Bye", "summary": "Bye", "responses": {"200": {"description": "ok"}}}
    }
    path.write_text(json.dumps(deployed), encoding="utf-8")

    ran = run_pytest("--function-app", "all", "-m", "compat", "--connector-baseline", "deployed")

    assert ran.status == 1, ran.output
    [finding] = [f for f in ran.report["findings"] if f["severity"] == "error"]
    assert (finding["connector"], finding["rule"]) == ("greeting", "compat.operation-removed")
