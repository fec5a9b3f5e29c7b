from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from harness.report.formats import html_exchanges
from harness.report.formats.html import render_html
from harness.report.formats.html_exchanges import script_json
from harness.report.verdict import headline


class _Parsed(HTMLParser):
    """The page as a browser's parser splits it: start tags, and what stands in scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, str] = {}
        self.text = ""
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = dict(attrs).get("id") or tag if tag in ("script", "style") else ""

    def handle_endtag(self, _tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.raw[self._open] = self.raw.get(self._open, "") + data
        else:
            self.text += data

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def island(self, name: str) -> Any:
        return json.loads(self.raw[name])


def _policy(page: _Parsed) -> str:
    policies = [m for m in page.attributes("meta") if m.get("http-equiv")]
    return str(policies[0]["content"])


def test_policy_forbids_every_load_and_allows_just_the_own_code(report: dict[str, Any]) -> None:
    page = _Parsed(render_html(report))
    policy = _policy(page)

    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for kind in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(page.raw[kind].encode("utf-8")).digest())
        assert f"{kind}-src 'sha256-{digest.decode()}'" in policy


def test_nothing_in_the_page_points_outside(hostile_report: dict[str, Any]) -> None:
    page = _Parsed(render_html(hostile_report))

    for _, attributes in page.tags:
        for name in ("src", "href", "action", "srcset", "data", "poster"):
            assert re.match(r"$|data:|#", attributes.get(name) or ""), attributes
        assert not [name for name in attributes if name.startswith("on") or name == "style"]


def test_hostile_text_opens_no_tag(report: dict[str, Any], hostile_report: dict[str, Any]) -> None:
    tags = {tag for tag, _ in _Parsed(render_html(report, report)).tags}

    assert {tag for tag, _ in _Parsed(render_html(hostile_report, hostile_report)).tags} == tags


def test_scripts_never_turn_data_into_markup() -> None:
    page = _Parsed(render_html({}))

    for sink in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "fetch(",
    ):
        assert sink not in page.raw["script"]


@pytest.mark.parametrize("text", ["</script>", "<!--<script>", "a&b", "\u2028\u2029", '"\\'])
def test_data_cannot_leave_its_script_element(text: str) -> None:
    dumped = script_json({"x": text})

    assert not set("<>&\u2028\u2029") & set(dumped)
    assert json.loads(dumped) == {"x": text}


def test_everything_of_the_report_is_in_the_page(report: dict[str, Any]) -> None:
    page = _Parsed(render_html(report))
    part = page.island("summary")["parts"][0]

    assert part["findings"][0]["message"].startswith("ListDocuments answers")
    assert len(part["findings"]) == len(report["findings"])
    names = [operation["id"] for operation in part["operations"]]
    assert names == ["", *report["coverage"]]
    islands = [page.island(f"op-0-{n}") for n in range(len(names))]
    assert sum(len(i["exchanges"]) for i in islands) == len(report["exchanges"])
    assert sum(len(i["checks"]) for i in islands) == len(report["checks"])


def test_reader_without_scripts_gets_verdict_counts_and_findings(report: dict[str, Any]) -> None:
    text = " ".join(_Parsed(render_html(report)).text.split())

    assert "3 errors in 2 of 6 operations. 1 check could not be made." in text
    assert "Begin here: ListDocuments answers callers who are not signed in." in text
    assert "bob reads a document that belongs to alice." in text
    assert "403 or 404" in text
    assert "DeleteDocument gave no answer" in text


def test_changes_are_counted_and_new_findings_marked(
    report: dict[str, Any], previous: dict[str, Any]
) -> None:
    page = _Parsed(render_html(report, previous))
    summary = page.island("summary")

    fresh = [f["rule"] for f in summary["parts"][0]["findings"] if f["fresh"]]
    assert fresh == ["delegated.leak"]
    assert [f["message"] for f in summary["mended"]] == ["userPrincipalName is missing."]
    assert "1 new, 1 fixed, 5 still there, 1 not judged this time" in page.text


def test_without_a_previous_report_nothing_is_called_new(report: dict[str, Any]) -> None:
    summary = _Parsed(render_html(report)).island("summary")

    assert {f["fresh"] for f in summary["parts"][0]["findings"]} == {None}


@pytest.mark.parametrize(
    ("verdict", "status", "words"),
    [
        pytest.param("unverified", 2, "interrupted", id="interrupted"),
        pytest.param("unverified", 3, "itself broke", id="internal error"),
        pytest.param("unverified", 5, "Nothing was checked", id="nothing collected"),
        pytest.param("unverified", 6, "1 of the 28 checks that apply", id="unverified"),
        pytest.param("pass", 0, "no error was found. 1 warning may", id="pass with a warning"),
        pytest.param("fail", 1, "3 errors in 2 of 6 operations", id="fail"),
    ],
)
def test_headline_says_what_the_verdict_means(
    report: dict[str, Any], verdict: str, status: int, words: str
) -> None:
    _, meaning = headline({**report, "verdict": verdict, "exit_status": status})

    assert words in meaning


@pytest.mark.parametrize(
    ("outcome", "words"),
    [("unverified", "None of the 30 checks"), ("passed", "too little was judged")],
)
def test_headline_of_a_run_that_proved_nothing(
    report: dict[str, Any], outcome: str, words: str
) -> None:
    checks = [{**check, "outcome": outcome} for check in report["checks"]]
    _, meaning = headline({**report, "verdict": "unverified", "exit_status": 6, "checks": checks})

    assert words in meaning


def test_failure_of_a_users_own_test_is_not_called_an_error_of_the_connector(
    report: dict[str, Any],
) -> None:
    own = {"id": "t.py::test_mine", "suite": "tests", "operation": None, "outcome": "failed"}
    checks = [c for c in report["checks"] if c["outcome"] != "failed"]
    failed = {**report, "findings": [], "checks": [*checks, own]}

    assert headline(failed)[1].startswith("1 test of your own failed.")
    groups = _Parsed(render_html(failed)).island("summary")["parts"][0]["not_judged"]
    assert (groups[0]["outcome"], groups[0]["of"]) == ("failed", ["t.py::test_mine"])


def test_failed_check_that_a_finding_names_is_explained(report: dict[str, Any]) -> None:
    table = {"id": "test_delegated.py::test_access_table", "suite": "delegated", "operation": None}
    report["checks"].append({**table, "outcome": "failed", "seconds": 0.1, "reason": "long"})
    groups = _Parsed(render_html(report)).island("summary")["parts"][0]["not_judged"]
    assert groups[0]["of"] == [table["id"]]

    report["findings"][1]["check"] = table["id"]

    groups = _Parsed(render_html(report)).island("summary")["parts"][0]["not_judged"]
    assert "failed" not in {group["outcome"] for group in groups}


def test_reasons_that_differ_in_the_operation_only_are_one(report: dict[str, Any]) -> None:
    for check in report["checks"][:3]:
        reason = f"give [operations.{check['operation']}] a body"
        check |= {"outcome": "skipped", "reason": reason}

    groups = _Parsed(render_html(report)).island("summary")["parts"][0]["not_judged"]
    shared = next(group for group in groups if group["count"] == 3)

    assert shared["reason"] == "give [operations.…] a body"
    assert shared["of"] == ["ListDocuments", "GetDocument", "CreateDocument"]


def test_failed_check_without_a_finding_is_said(report: dict[str, Any]) -> None:
    _, meaning = headline({**report, "findings": []})

    assert meaning.startswith("3 checks failed; pytest's output says why.")


def test_binary_body_is_described_not_shown(report: dict[str, Any]) -> None:
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()
    answer = report["exchanges"][4]["response"]
    answer |= {"body": None, "body_base64": png, "body_bytes": 70_000}
    answer["headers"]["content-type"] = "image/png"

    shared = _Parsed(render_html(report)).island("shared")

    assert any(str(x).startswith("binary content, 70,000 bytes (image/png)") for x in shared)


def test_body_that_the_report_cut_says_how_much_is_missing(report: dict[str, Any]) -> None:
    answer = report["exchanges"][4]["response"]
    answer |= {"body": "x" * 100, "body_bytes": 1_000_100, "truncated": True}

    shared = _Parsed(render_html(report)).island("shared")

    assert "x" * 100 + "… (1,000,000 more characters)" in shared


def test_too_large_a_report_is_cut_where_no_finding_looks(
    report: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html_exchanges, "BUDGET", 40_000)
    template = report["exchanges"][1]
    report["exchanges"] += [
        {
            **template,
            "id": f"y{n}",
            "response": {**template["response"], "body": f"{n}" * 3_000},
        }
        for n in range(100, 300)
    ]

    page = _Parsed(render_html(report))
    part = page.island("summary")["parts"][0]
    kept = {x[0] for n in range(7) for x in page.island(f"op-0-{n}")["exchanges"]}

    assert len(json.dumps(page.raw)) < 150_000
    assert part["cut"]["left_out"] > 100
    assert {x for f in report["findings"] for x in f["evidence"]} <= kept


def test_page_is_the_same_each_time(report: dict[str, Any]) -> None:
    assert render_html(report) == render_html(json.loads(json.dumps(report)))


def test_what_the_flow_asks_is_shown_where_a_policy_changes_it(report: dict[str, Any]) -> None:
    asked = {"method": "GET", "url": report["target"]["url"] + "/flow/path"}
    report["exchanges"][0]["request"]["flow"] = asked

    assert "GET /flow/path" in render_html(report)
