from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from harness.report.formats.markdown import LIMIT, publish_summary, render_markdown
from harness.suites.registry import all_rules


def test_summary_opens_with_the_verdict(report: dict[str, Any]) -> None:
    lines = render_markdown(report).splitlines()

    assert lines[0] == "## ❌ Fail: Contoso Documents"
    assert lines[2] == "3 errors in 2 of 6 operations. 1 check could not be made."


def test_summary_has_suites_findings_remedies_and_gaps(report: dict[str, Any]) -> None:
    summary = render_markdown(report)

    assert "| anonymous | ❌ fail | Are calls without a sign-in refused? | 6 | 1 |" in summary
    assert "bob reads a document that belongs to alice.<br>`delegated.leak`" in summary
    assert "Compare the caller's object id" in summary
    assert "DeleteDocument gave no answer" in summary
    assert "(**expired**)" in summary


def test_summary_tells_what_changed(report: dict[str, Any], previous: dict[str, Any]) -> None:
    assert "**1** new, **1** fixed, **5** still there" in render_markdown(report, previous)


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param("<script>x</script>", id="script"),
        pytest.param("</details><img src=x>", id="end of the block"),
        pytest.param("a | b\n| c | d", id="table row"),
        pytest.param("`` ` code", id="backticks"),
        pytest.param("[x](https://evil.example)", id="link"),
        pytest.param("![x](https://evil.example/beacon.png)", id="image"),
        pytest.param("@everybody #1", id="mention"),
        pytest.param("\x1b[2J\u202e", id="escape codes"),
        pytest.param("\n# heading\n\n---\n", id="heading"),
    ],
)
def test_hostile_text_stays_in_its_cell(report: dict[str, Any], hostile: str) -> None:
    before = render_markdown(report).splitlines()
    for key in ("message", "expected", "observed", "remedy", "operation", "caller"):
        report["findings"][0][key] = f"{report['findings'][0][key]} {hostile}"

    after = render_markdown(report).splitlines()

    assert len(after) == len(before)
    assert _tags("\n".join(after)) == _tags("\n".join(before))
    changed = "\n".join(line for line in after if line not in before)
    assert not {"\x1b", "\u202e", "@"} & set(changed.replace("`", "").replace(hostile, ""))


def test_hostile_report_makes_a_summary(hostile_report: dict[str, Any]) -> None:
    summary = render_markdown(hostile_report)

    assert summary.encode("utf-8")
    assert not {"script", "img", "a"} & set(_tags(summary))


def test_summary_stays_below_the_limit(report: dict[str, Any]) -> None:
    report["findings"] = [
        {
            **report["findings"][0],
            "operation": f"Op{n}",
            "message": "😀" * 4000,
            "remedy": f"{n} " * 3000,
        }
        for n in range(3000)
    ]
    report["notes"] = ["é" * 2_000_000]

    assert len(render_markdown(report).encode("utf-8")) <= LIMIT


def test_github_gets_the_summary_appended(report: dict[str, Any], tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    page.write_text("before\n", encoding="utf-8")
    said: list[str] = []

    publish_summary(report, {"GITHUB_STEP_SUMMARY": str(page)}, said.append)

    assert page.read_text(encoding="utf-8").startswith("before\n## ❌ Fail")
    assert said == []


def test_azure_is_told_which_file_to_take(report: dict[str, Any], tmp_path: Path) -> None:
    said: list[str] = []

    publish_summary(report, {"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": str(tmp_path)}, said.append)

    (line,) = said
    path = Path(line.removeprefix("##vso[task.uploadsummary]").rstrip("\n"))
    assert path.parent == tmp_path.resolve()
    assert path.read_text(encoding="utf-8").startswith("## ❌ Fail")


def test_nothing_happens_without_a_build_server(report: dict[str, Any]) -> None:
    said: list[str] = []

    publish_summary(report, {}, said.append)

    assert said == []


def test_unwritable_summary_is_said_and_fails_nothing(
    report: dict[str, Any], tmp_path: Path
) -> None:
    said: list[str] = []

    publish_summary(report, {"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "x")}, said.append)

    assert said[0].startswith("connector-harness: the build summary was not written")


def _tags(markdown: str) -> Counter[str]:
    """How often each element occurs in the page that the Markdown makes, raw HTML included."""
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    return Counter(tag.lower() for tag in re.findall(r"<([a-z][a-z0-9]*)", page, re.IGNORECASE))


def test_summary_says_why_findings_matter_and_what_was_not_proved(report: dict[str, Any]) -> None:
    own = {"id": "test_own.py::test_mine", "suite": "tests", "operation": None, "seconds": 0.1}
    failed = {**own, "outcome": "failed", "reason": "assert 1 == 2"}
    unverified = {**own, "suite": "tokens", "outcome": "unverified", "reason": "no sign-in worked"}
    report["checks"] += [failed, unverified]
    rule = all_rules()["anonymous.open"]
    report["findings"][0]["rule"] = rule.id

    summary = render_markdown(report)

    assert "Why they matter" in summary
    assert rule.title.split("`")[0][:20] in summary
    assert "#### Your own failing tests\n\n- `test_own.py::test_mine` assert 1 == 2" in summary
    assert "no sign-in worked" in summary.split("#### Not proved")[1]
