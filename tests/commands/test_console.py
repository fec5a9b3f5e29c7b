"""The console command: every one runs, says in one line what is wrong, exits as promised."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli import build_parser, main

SAMPLES = Path(__file__).parents[2] / "harness" / "emulator" / "samples"
DOCUMENTS = SAMPLES / "documents"
COMMANDS = (
    "login",
    "logout",
    "token",
    "import-postman",
    "lint",
    "diff",
    "access",
    "emulate",
    "report",
    "rules",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        build_parser().parse_args([command, "--help"])

    assert left.value.code == 0
    assert f"example: connector-harness {command}" in capsys.readouterr().out


def test_unknown_option_is_exit_4() -> None:
    with pytest.raises(SystemExit) as left:
        main(["lint", "--nonsense"])

    assert left.value.code == 4


def test_postman_collection_becomes_a_definition(tmp_path: Path) -> None:
    target = tmp_path / "apiDefinition.swagger.json"
    collection = SAMPLES / "hello" / "Hello.postman_collection.json"

    assert main(["import-postman", str(collection), "-o", str(target)]) == 0

    document = json.loads(target.read_text(encoding="utf-8"))
    assert document["paths"]["/Hello"]["post"]["operationId"] == "Hello"


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_diff_of_the_same_connector_is_exit_0(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", str(DOCUMENTS), str(DOCUMENTS), "--format", form]) == 0

    out = capsys.readouterr().out
    assert "0 breaking" in out if form == "text" else json.loads(out) is not None


def test_breaking_change_is_exit_1_with_the_reviewers_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads((DOCUMENTS / "apiDefinition.swagger.json").read_text(encoding="utf-8"))
    del document["paths"]["/me"]
    changed = tmp_path / "new.json"
    changed.write_text(json.dumps(document), encoding="utf-8")

    assert main(["diff", str(DOCUMENTS), str(changed)]) == 1
    assert "The operation has been deleted. This change breaks" in capsys.readouterr().out


def test_rules_are_listed_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "anonymous.open"]) == 0

    out = capsys.readouterr().out
    assert "remedy:" in out
    assert main(["rules", "no-such-rule"]) == 4


def report_file(folder: Path, verdict: str = "pass") -> Path:
    exchange = {
        "id": "x1",
        "operation": "WhoAmI",
        "caller": "alice",
        "purpose": "delegated/same",
        "request": {"method": "GET", "url": "https://a/api/me", "headers": {}, "body": None},
        "response": {"status": 200, "headers": {}, "body": "{}", "seconds": 0.1},
    }
    document = {
        "schema": "connector-harness/report/1",
        "verdict": verdict,
        "harness": {"version": "0.1.0"},
        "mode": "live",
        "target": {"name": "a", "url": "https://a"},
        "connector": {"title": "T", "definition": "d.json", "sha256": "", "operations": 1},
        "started": "2026-01-01T00:00:00.000Z",
        "seconds": 1.0,
        "requests": {"sent": 1, "replayed": 0, "retried": 0, "writes": 0},
        "checks": [],
        "findings": [],
        "exchanges": [exchange],
        "coverage": {},
    }
    path = folder / "report.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_report_is_rendered_again(tmp_path: Path) -> None:
    assert main(["report", str(report_file(tmp_path)), "--junit", "--har"]) == 0

    names = {path.name for path in tmp_path.iterdir()}
    assert {"index.html", "report.sarif", "summary.md", "junit.xml"} <= names


def test_access_table_is_drafted_from_what_was_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["access", str(report_file(tmp_path))]) == 0

    assert "expect = { alice = 200 }" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["report", "nowhere.json"], "cannot be read"),
        (["lint", "nowhere"], "no such file"),
        (["diff", "nowhere", "nowhere"], "no such file"),
    ],
)
def test_missing_file_is_one_line_and_exit_4(
    arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 4

    problem = capsys.readouterr().err
    assert word in problem
    assert problem.count("\n") == 1


def test_hash_check_refuses_what_did_not_pass(tmp_path: Path) -> None:
    failed = report_file(tmp_path, "fail")

    assert main(["report", str(failed), "--check-hash", str(DOCUMENTS)]) == 1


def make_pair(folder: Path, name: str, *, drop: str | None = None) -> None:
    """One connector in `old/` and `new/`, the new one without a path."""
    text = (DOCUMENTS / "apiDefinition.swagger.json").read_text(encoding="utf-8")
    for side in ("old", "new"):
        document = json.loads(text)
        if side == "new" and drop is not None:
            del document["paths"][drop]
        place = folder / side / name
        place.mkdir(parents=True)
        target = place / "apiDefinition.swagger.json"
        target.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize("count", [2, 30], ids=["in this process", "in several processes"])
def test_folders_of_connectors_are_compared_pair_by_pair(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    for number in range(count):
        make_pair(tmp_path, f"team/c{number:02d}", drop="/me" if number == 1 else None)

    arguments = ["diff", str(tmp_path / "old"), str(tmp_path / "new"), "--format", "json"]
    assert main(arguments) == 1

    rows = json.loads(capsys.readouterr().out)
    assert [row["connector"] for row in rows] == [f"team/c{n:02d}" for n in range(count)]
    assert [row["connector"] for row in rows if row["changes"]] == ["team/c01"]


def test_new_and_gone_connectors_of_a_folder_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("kept", "gone", "added"):
        make_pair(tmp_path, name)
    (tmp_path / "new" / "gone" / "apiDefinition.swagger.json").unlink()
    (tmp_path / "old" / "added" / "apiDefinition.swagger.json").unlink()

    assert main(["diff", str(tmp_path / "old"), str(tmp_path / "new")]) == 1

    out = capsys.readouterr().out
    assert "added: a new connector" in out
    assert "kept: 0 breaking, 0 risky, 0 harmless" in out
    assert "gone: breaking: the connector is gone" in out


def test_settings_waive_and_switch_rules_off_for_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_pair(tmp_path, "one", drop="/me")
    monkeypatch.chdir(tmp_path)
    settings = tmp_path / "connector-harness.toml"
    pair = ["diff", "old/one", "new/one"]
    waiver = '[[waivers]]\nrule = "compat.operation-removed"\nreason = "t"\nuntil = 2999-01-01\n'

    assert main(pair) == 1
    settings.write_text(waiver, encoding="utf-8")
    assert main(pair) == 0
    assert "1 waived" in capsys.readouterr().out
    settings.write_text('[rules]\n"compat.operation-removed" = "off"\n', encoding="utf-8")
    assert main(pair) == 0
    settings.write_text('[rules]\ncompat = "of"\n', encoding="utf-8")
    assert main(pair) == 4
    assert "must be one of off, error, warning, note" in capsys.readouterr().err


def test_lint_takes_levels_from_the_settings_that_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads((DOCUMENTS / "apiDefinition.swagger.json").read_text(encoding="utf-8"))
    document["host"] = "localhost:7071"
    changed = tmp_path / "apiDefinition.swagger.json"
    changed.write_text(json.dumps(document), encoding="utf-8")
    settings = tmp_path / "levels.toml"

    assert main(["lint", str(changed)]) == 1
    [rule] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("error:")]
    settings.write_text(f'[rules]\n"{rule.split()[1]}" = "warning"\n', encoding="utf-8")
    assert main(["lint", str(changed), "--connector-config", str(settings)]) == 0
    assert f"warning: {rule.split()[1]}" in capsys.readouterr().out
