"""Who is hidden where, what users' own tests come to, and mistakes that are said at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.emulator import Emulator

from .conftest import SAMPLES, Runner, write_settings

FEW = ("-m", "contract", "-k", "WhoAmI")


def people_of(emulator: Emulator) -> list[str]:
    told = emulator.description
    named = [told["users"][name]["username"] for name in ("alice", "bob")]
    return [*named, told["tenant_id"], "Alice Example"]


def written_below(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_nobody_is_named_in_live_reports_or_recordings(
    run_pytest: Runner, emulator: Emulator, target: list[str], tmp_path: Path, workers: str
) -> None:
    emulator.faults.on("type-changed:WhoAmI")
    (tmp_path / "test_own.py").write_text(
        "def test_own(user_client):\n    assert user_client.get('/me').json() == 'alice'\n",
        encoding="utf-8",
    )
    junit = ("--junitxml", "reports/junit.xml", "-n", workers)

    live = run_pytest(*target, *FEW, *junit)
    recorded = run_pytest(*target, "test_own.py", *FEW[2:], "-k", "own", "--cassettes", "record")
    run_pytest(*target, *FEW, "--cassettes", "record")

    assert (live.status, recorded.status) == (1, 1), live.output + recorded.output
    written = written_below(tmp_path / "reports") + written_below(tmp_path / "cassettes")
    assert "alice@users.invalid" in written
    for who in people_of(emulator):
        assert who.lower() not in written.lower()


def test_echoed_token_is_hidden_also_where_messages_cut_it(
    run_pytest: Runner, tmp_path: Path
) -> None:
    fault = ("--connector-demo-fault", "token-echoed:WhoAmI")

    ran = run_pytest("--function-app", "demo", *FEW, *fault, "--junitxml=reports/junit.xml")

    assert ran.status == 1, ran.output
    observed = [f["observed"] for f in ran.report["findings"] if f["severity"] == "error"]
    assert observed == ['string "Bearer {alice}...']
    assert "Bearer ey" not in ran.output + written_below(tmp_path / "reports")


OWN = """
import pytest

def test_without_a_call(connector):
    assert connector.title == "Another"

def test_skipped():
    pytest.skip("not today")

def test_fine():
    pass
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_every_test_of_the_users_stands_in_the_report(
    run_pytest: Runner, tmp_path: Path, workers: str
) -> None:
    (tmp_path / "test_own.py").write_text(OWN, encoding="utf-8")

    ran = run_pytest("--function-app", "demo", "test_own.py", "-n", workers)

    assert ran.status == 1, ran.output
    assert {check["id"]: check["outcome"] for check in ran.report["checks"]} == {
        "test_own.py::test_without_a_call": "failed",
        "test_own.py::test_skipped": "skipped",
        "test_own.py::test_fine": "passed",
    }


def test_users_test_that_finds_nobody_at_home_is_unverified(
    run_pytest: Runner, tmp_path: Path
) -> None:
    shutil.copytree(SAMPLES / "documents", tmp_path / "connector")
    (tmp_path / "test_own.py").write_text(
        "def test_own(anonymous_client):\n    anonymous_client.get('/health')\n", encoding="utf-8"
    )
    options = ("--connector", "connector", "--connector-config", "none.toml")
    (tmp_path / "none.toml").write_text("", encoding="utf-8")

    ran = run_pytest("--function-app", "https://127.0.0.1:9", "test_own.py", *options)

    assert ran.status == 6, ran.output
    assert [check["outcome"] for check in ran.report["checks"]] == ["unverified"]


def test_paths_are_read_from_where_the_user_stands(run_pytest: Runner, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(SAMPLES / "documents", project / "connector")
    definition = project / "connector" / "apiDefinition.swagger.json"
    broken = definition.read_text(encoding="utf-8").replace('"ListCategories"', '"Gone"', 1)
    definition.write_text(broken, encoding="utf-8")
    (project / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    below = project / "sub"
    below.mkdir()
    (below / "own.toml").write_text("[entra]\n", encoding="utf-8")
    options = ("--connector-config", "own.toml", "--connector-report-dir", "out")

    ran = run_pytest(
        "--function-app", "myapp", "-m", "definition", "--connector", "../connector", *options,
        folder=below,
    )  # fmt: skip

    assert ran.status == 1, ran.output
    assert (
        "--connector ../connector --connector-config ../sub/own.toml test_definition.py"
        in ran.output
    )
    assert (below / "out" / "report.json").exists(), ran.output


MISTAKES = [
    ('[redact]\npatterns = ["[A-"]', "redact.patterns"),
    ('[redact]\npointers = ["name"]', "redact.pointers"),
    ("[cassettes]\nmax-age-days = -1", "max-age-days"),
    ('[easy-auth]\nsettings = "nope.json"', "nope.json"),
    ('[contract]\ninventory = "nope.json"', "nope.json"),
    ('[rules]\n"contract.statu" = "off"', "contract.status"),
    (
        '[[waivers]]\nrule = "contract.statusx"\nreason = "r"\nuntil = 2099-01-01',
        "contract.status",
    ),
    ('[operations.SearchDocuments]\nparameters = { txet = "a" }', "'text'"),
    ('[users.alice]\nsign-in = "device-code"\n[entra]\nclient-secret = "x"', "public client"),
]


@pytest.mark.parametrize(("text", "word"), MISTAKES, ids=[row[1] for row in MISTAKES])
def test_mistake_in_the_settings_is_one_line_and_status_4(
    run_pytest: Runner, tmp_path: Path, text: str, word: str
) -> None:
    shutil.copytree(SAMPLES / "documents", tmp_path / "connector")
    (tmp_path / "connector-harness.toml").write_text(text, encoding="utf-8")

    ran = run_pytest("--function-app", "myapp", "--connector", "connector", "-m", "definition")

    assert ran.status == 4, ran.output
    assert word in ran.output
    assert "Traceback" not in ran.output


def test_report_folder_that_is_a_file_is_one_line_and_status_4(
    run_pytest: Runner, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")

    ran = run_pytest("--function-app", "demo", "--connector-report-dir", "taken")

    assert ran.status == 4, ran.output
    assert "taken is a file" in ran.output


def test_access_draft_holds_for_the_app_it_was_drafted_from(
    run_pytest: Runner, emulator: Emulator, target: list[str], tmp_path: Path
) -> None:
    import contextlib
    import io

    from harness.cli import main

    run_pytest(*target, "-m", "delegated or anonymous")
    drafted = io.StringIO()
    with contextlib.redirect_stdout(drafted):
        assert main(["access", str(tmp_path / "reports" / "report.json")]) == 0
    write_settings(tmp_path, emulator)
    path = tmp_path / "connector-harness.toml"
    kept = path.read_text(encoding="utf-8").split("[[delegated.access]]")[0]
    path.write_text(kept + drafted.getvalue(), encoding="utf-8")

    again = run_pytest(*target, "-k", "test_access_table")

    assert "parameters" in drafted.getvalue()
    assert again.status == 0, again.output


PRINTING = """
def test_own(user_client):
    answer = user_client.get("/me", headers={"x-internal": "internal-value-42"})
    print(answer.request.headers, answer.json())
    assert answer.request.headers["x-internal"] == "another-value"
"""


def test_own_terminal_shows_names_and_nothing_shows_secrets(
    run_pytest: Runner, tmp_path: Path
) -> None:
    own = {"CI": "", "TF_BUILD": "", "GITHUB_ACTIONS": ""}
    (tmp_path / "test_own.py").write_text(PRINTING, encoding="utf-8")
    settings = '[redact]\nheaders = ["x-internal"]\n'
    (tmp_path / "connector-harness.toml").write_text(settings, encoding="utf-8")
    logged = ("--log-cli-level=DEBUG", "--junitxml=reports/j.xml", "-o", "junit_logging=all")

    ran = run_pytest("--function-app", "demo", "test_own.py", *logged, environ=own)

    assert ran.status == 1, ran.output
    assert "Alice Example" in ran.output
    assert "userrealm/alice@users.invalid" in ran.output
    written = written_below(tmp_path / "reports")
    assert "Alice Example" not in written
    assert "internal-value" not in ran.output + written
