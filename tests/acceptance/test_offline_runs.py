"""Recorded at night, judged offline by the files of today."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import vcr

from .conftest import SAMPLES, Runner

REPOSITORY = Path(__file__).parents[2]
CONTRACT = ("-k", "test_matches_definition and WhoAmI")
Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    """A copy of the sample's definition that a test may change."""
    folder = tmp_path / "connector"
    folder.mkdir()
    for name in ("apiDefinition.swagger.json", "apiProperties.json"):
        shutil.copy(SAMPLES / "documents" / name, folder / name)
    return folder / "apiDefinition.swagger.json"


def change(path: Path, edit: Edit) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    edit(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def test_committed_recordings_of_the_demo_pass_offline(run_pytest: Runner, tmp_path: Path) -> None:
    folder = str(REPOSITORY / "cassettes")

    ran = run_pytest("--function-app", "demo", "--cassettes", "replay", "--cassette-dir", folder)

    assert ran.status == 0, ran.output
    assert ran.report["mode"] == "replay"
    assert ran.report["requests"]["sent"] == 0
    assert ran.report["requests"]["replayed"] > 500


def test_fault_is_found_offline_as_it_was_live(run_pytest: Runner) -> None:
    demo = ("--function-app", "demo", "-k", "WhoAmI")
    fault = ("--connector-demo-fault", "type-changed:WhoAmI")
    live = run_pytest(*demo, *fault, "--cassettes", "record")

    offline = run_pytest(*demo, "--cassettes", "replay")

    assert (live.status, offline.status) == (1, 1), offline.output
    assert [(f["rule"], f["operation"], f["message"]) for f in live.report["findings"]] == [
        (f["rule"], f["operation"], f["message"]) for f in offline.report["findings"]
    ]


@pytest.mark.parametrize(
    ("edit", "status", "word"),
    [
        pytest.param(dict, 0, "PASS", id="unchanged"),
        pytest.param(
            lambda d: d["definitions"]["Person"]["properties"]["displayName"].update(
                type="integer"
            ),
            1,
            "contract.body",
            id="answer-retyped",
        ),
        pytest.param(
            lambda d: d["paths"]["/me"]["get"]["parameters"].append(
                {"name": "lang", "in": "query", "type": "string"}
            ),
            0,
            "PASS",
            id="optional-input-added",
        ),
        pytest.param(
            lambda d: d["paths"]["/me"]["get"]["parameters"].append(
                {"name": "lang", "in": "query", "type": "string", "required": True}
            ),
            6,
            "--cassettes record --connector-operation WhoAmI",
            id="required-input-added",
        ),
        pytest.param(
            lambda d: d["paths"].update({"/myself": d["paths"].pop("/me")}),
            6,
            "no longer fits",
            id="path-moved",
        ),
    ],
)
def test_recording_is_judged_by_the_definition_of_today(
    run_pytest: Runner, definition: Path, edit: Edit, status: int, word: str
) -> None:
    demo = ("--function-app", "demo", "--connector", str(definition.parent), *CONTRACT)
    assert run_pytest(*demo, "--cassettes", "record").status == 0
    change(definition, edit)

    ran = run_pytest(*demo, "--cassettes", "replay")

    assert ran.status == status, ran.output
    assert word in ran.output


def test_operation_without_a_recording_is_unverified_with_the_command(
    run_pytest: Runner,
) -> None:
    ran = run_pytest("--function-app", "demo", "--cassettes", "replay", *CONTRACT)

    assert ran.status == 6, ran.output
    assert "--cassettes record --connector-operation WhoAmI" in ran.output


def test_broken_recording_is_one_line_with_the_files_name(
    run_pytest: Runner, tmp_path: Path
) -> None:
    broken = tmp_path / "cassettes" / "demo" / "contract" / "WhoAmI.yaml"
    broken.parent.mkdir(parents=True)
    broken.write_text("interactions:\n- request: {", encoding="utf-8")

    ran = run_pytest("--function-app", "demo", "--cassettes", "replay", *CONTRACT)

    assert ran.status == 6, ran.output
    assert "WhoAmI.yaml" in ran.output
    assert "Traceback" not in ran.output


def test_users_own_test_is_recorded_and_replayed(run_pytest: Runner, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(
        "def test_me(as_user, user_token):\n"
        "    assert as_user('bob').get('/me').status_code == 200\n"
        "    assert user_token.claims['scp'] == 'user_impersonation'\n",
        encoding="utf-8",
    )
    own = ("--function-app", "demo", "test_own.py", "--cassettes")
    assert run_pytest(*own, "record").status == 0
    assert list((tmp_path / "cassettes" / "demo" / "tests").iterdir())

    ran = run_pytest(*own, "replay")

    assert ran.status == 0, ran.output
    assert ran.report["requests"]["sent"] == 0


def test_own_connection_in_a_replay_is_refused_by_name(run_pytest: Runner, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(
        "import socket\n"
        "def test_me(connector):\n"
        "    socket.create_connection(('127.0.0.1', 9), timeout=1)\n",
        encoding="utf-8",
    )

    ran = run_pytest("--function-app", "demo", "test_own.py", "--cassettes", "replay")

    assert ran.status == 1, ran.output
    assert "opens no connection" in ran.output


def test_remote_workers_cannot_replay(run_pytest: Runner) -> None:
    ran = run_pytest(
        "--function-app", "demo", "--cassettes", "replay", "-d", "--tx", "ssh=nowhere.invalid"
    )

    assert ran.status == 4, ran.output
    assert "remote workers" in ran.output


def test_recording_one_operation_touches_only_its_files(run_pytest: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "cassettes"
    shutil.copytree(REPOSITORY / "cassettes", folder)
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*.yaml")}

    ran = run_pytest(
        "--function-app",
        "demo",
        "--cassettes",
        "record",
        "--connector-operation",
        "Hello",
    )

    assert ran.status == 0, ran.output
    touched = {p.name for p in folder.rglob("*.yaml") if p.stat().st_mtime_ns != before.get(p)}
    assert touched == {"Hello.yaml"}


def test_plain_vcrpy_plays_the_committed_recordings() -> None:
    path = REPOSITORY / "cassettes" / "demo" / "contract" / "WhoAmI.yaml"

    with vcr.VCR(record_mode=vcr.mode.NONE).use_cassette(str(path)):
        answer = httpx.get("https://demo.invalid/api/me")

    assert answer.status_code == 200
    assert answer.json()["userPrincipalName"] == "alice@users.invalid"
