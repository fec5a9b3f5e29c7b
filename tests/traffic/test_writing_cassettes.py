"""Cassettes on their way to disk: whole or not at all, read back, and true about their age."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.errors import CassetteError
from harness.exchanges.model import Exchange, Probe, Request, Response, to_plain, user
from harness.redaction.redactor import Redactor
from harness.settings.values import Settings
from harness.traffic.cassette import parse_cassette, read_cassette
from harness.traffic.recording import Recorder, problem_in
from harness.traffic.replay import staleness

CHECK, OTHER = "test_contract.py::test_a[Hello]", "test_contract.py::test_b[Hello]"
DAY_S = 86400.0


def payload(check: str, *, at: float, body: bytes = b"{}") -> dict[str, Any]:
    probe = Probe("k", "Hello", user("alice"), Request("GET", "/api/Hello"), "contract/example")
    exchange = Exchange(probe, Response(200, (("A", "b"),), body, 0.1), at=at)
    told = {"id": check, "suite": "contract", "operation": "Hello"}
    return {"check": told, "exchanges": [to_plain(exchange)], "facts": {}}


def record(settings: Settings, *payloads: Mapping[str, Any], sha256: str = "aa") -> list[str]:
    recorder = Recorder(sha256, ["Hello"])
    for each in payloads:
        recorder.add(each)
    return recorder.write(settings, Redactor({}))[1]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        root=tmp_path,
        target_name="myapp",
        target_url="https://myapp.azurewebsites.net/v2",
        cassette_dir=tmp_path / "cassettes",
    )


@pytest.fixture
def written(settings: Settings) -> Path:
    return settings.cassette_dir / "myapp" / "contract" / "Hello.yaml"


def test_each_recording_says_what_it_was_made_of(settings: Settings, written: Path) -> None:
    assert record(settings, payload(CHECK, at=time.time())) == []

    (row,) = yaml.safe_load(written.read_text(encoding="utf-8"))["interactions"]
    own = row["connector-harness"]
    assert row["request"]["uri"] == "https://myapp.azurewebsites.net/api/Hello"
    assert own["definition-sha256"] == "aa"
    named = [each.split()[0] for each in own["versions"].split(", ")]
    assert named == ["connector-harness", "schemathesis", "hypothesis"]
    assert (own["caller"], own["probe"]) == ("alice", "k")


def test_check_that_did_not_run_keeps_its_definition_and_its_age(
    settings: Settings, written: Path
) -> None:
    old = time.time() - 40 * DAY_S
    record(settings, payload(CHECK, at=old), payload(OTHER, at=old), sha256="old")
    record(settings, payload(CHECK, at=time.time()), sha256="new")

    cassette = read_cassette(written)

    assert cassette.made[CHECK]["definition-sha256"] == "new"
    assert cassette.made[OTHER]["definition-sha256"] == "old"
    assert "40 days ago" in str(staleness(settings, cassette))
    record(settings, payload(OTHER, at=time.time()), payload(CHECK, at=time.time()))
    assert staleness(settings, read_cassette(written)) is None


def test_normalised_recording_keeps_its_age(settings: Settings, written: Path) -> None:
    settings = replace(settings, cassettes=replace(settings.cassettes, normalise=True))

    record(settings, payload(CHECK, at=time.time()))

    assert staleness(settings, read_cassette(written)) is None


def test_recording_of_another_major_version_is_stale(settings: Settings, written: Path) -> None:
    record(settings, payload(CHECK, at=time.time()))
    made = {CHECK: {"versions": "connector-harness 7.1.0, schemathesis 4.32.5"}}

    stale = staleness(settings, replace(read_cassette(written), made=made))

    assert stale == "recorded by version 7.1.0 of the harness"


def test_file_cut_short_anywhere_is_no_recording(settings: Settings, written: Path) -> None:
    record(settings, payload(CHECK, at=1.0), payload(OTHER, at=1.0))
    lines = written.read_text(encoding="utf-8").splitlines(keepends=True)

    for end in range(len(lines)):
        with pytest.raises(CassetteError, match=r"Hello\.yaml"):
            parse_cassette("".join(lines[:end]), written)


def test_secret_that_slipped_in_keeps_the_file_from_being_written(
    settings: Settings, written: Path
) -> None:
    record(settings, payload(CHECK, at=1.0, body=b'{"a": "QuiteSecretValue"}'))

    problem = problem_in(
        written.read_text(encoding="utf-8"), written, Redactor({"QuiteSecretValue": "{x}"})
    )

    assert problem is not None
    assert "the response's body" in problem
    assert "QuiteSecretValue" not in problem


# ------------------------------------------------------------------ kill -9, and a full disk

OVER_AND_OVER = """
import itertools, sys
from pathlib import Path
from harness.redaction.whole_files import write_whole
path = Path(sys.argv[1])
for letter in itertools.cycle("ab"):
    write_whole(path, letter * 300_000)
    print(letter, flush=True)
"""
TOO_FULL = """
import resource, signal, sys
from pathlib import Path
from harness.redaction.whole_files import write_whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_whole(Path(sys.argv[1]), "b" * 300_000)
except OSError as error:
    sys.exit(7)
"""


def test_kill_in_the_middle_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "Hello.yaml"
    for _ in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", OVER_AND_OVER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(3):
            process.stdout.readline()
        process.kill()
        process.wait()
        process.stdout.close()

        content = path.read_text(encoding="utf-8")
        assert content in ("a" * 300_000, "b" * 300_000)


@pytest.mark.skipif(sys.platform == "win32", reason="file sizes cannot be limited on Windows")
def test_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "Hello.yaml"
    path.write_text("the old one", encoding="utf-8")

    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(TOO_FULL), str(path)])

    assert ended.returncode == 7
    assert path.read_text(encoding="utf-8") == "the old one"
    assert [each.name for each in tmp_path.iterdir()] == ["Hello.yaml"]


def test_folder_that_cannot_be_made_is_said_and_loses_no_other_file(
    settings: Settings, written: Path
) -> None:
    tokens = settings.cassette_dir / "myapp" / "tokens"
    tokens.parent.mkdir(parents=True)
    tokens.write_text("a file where a folder should be", encoding="utf-8")
    other = payload("test_tokens.py::test_c[Hello]", at=1.0)
    other["check"]["suite"] = "tokens"

    refused = record(settings, other, payload(CHECK, at=1.0))

    assert [problem.split(":")[0] for problem in refused] == ["Hello.yaml cannot be written"]
    assert written.exists()
