"""Collections from public threads that people had trouble with: `shared/cases/files/p*`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main

CASES = (
    "p01-v1-without-order",
    "p04-wrapped",
    "p05-strings",
    "p06-same-call-twice",
    "p09-body-modes",
    "p10-auth",
    "p11-templates-in-json",
    "p14-methods",
    "p15-big-example",
    "p17-environment",
    "p18-nothing-inside",
    "p19-variable-with-slash",
    "p21-own-findings",
)


@pytest.mark.parametrize("name", CASES)
def test_case_from_a_public_thread_holds(
    shared: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shared / "cases" / "files" / name
    if not folder.is_dir():
        pytest.skip(f"no case at {folder}")
    case = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    wanted = case["check"]

    status = main(["import-postman", str(folder / case["command"].split()[-1])])
    output, said = capsys.readouterr()

    assert status == wanted.get("rc", 0)
    assert _missing(wanted, output) == []
    assert wanted.get("told", "") in said
    assert wanted.get("mentions", "") in said
    assert [text for text in wanted.get("absent", []) if text in output] == []
    assert len(output) <= wanted.get("maxsize", len(output))


def _missing(wanted: dict[str, Any], output: str) -> list[str]:
    """Operations and texts that the definition should have and lacks."""
    document = json.loads(output) if output else {"paths": {}}
    operations = {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
    }
    texts = [text for text in wanted.get("has", []) if text not in output]
    return [*(o for o in wanted.get("ops", []) if o not in operations), *texts]


def test_large_definition_is_written_without_white_space(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = json.dumps({f"property{n}": {"inner": n} for n in range(9_000)})
    request = {"method": "POST", "url": "https://x.invalid/a", "body": {"mode": "raw", "raw": wide}}
    document = {"info": {"name": "C"}, "item": [{"name": "Wide", "request": request}]}
    file = tmp_path / "collection.json"
    file.write_text(json.dumps(document), encoding="utf-8")

    assert main(["import-postman", str(file)]) == 0
    output = capsys.readouterr().out

    assert output.rstrip("\n") == json.dumps(json.loads(output), separators=(",", ":"))
    assert main(["import-postman", str(file), "-o", str(tmp_path / "out.json")]) == 0
    assert (tmp_path / "out.json").stat().st_size < 1024 * 1024
