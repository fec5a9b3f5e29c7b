from __future__ import annotations

import io

import pytest

from harness.report.progress import RESTORE, SAVE, Progress, wants_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "wanted"),
    [
        pytest.param(Terminal(), {"TERM": "xterm"}, True, id="terminal"),
        pytest.param(Terminal(), {"TERM": "xterm", "CI": "true"}, False, id="ci"),
        pytest.param(Terminal(), {"TERM": "dumb"}, False, id="dumb"),
        pytest.param(io.StringIO(), {"TERM": "xterm"}, False, id="pipe"),
        pytest.param(None, {"TERM": "xterm"}, False, id="no-stream"),
    ],
)
def test_progress_is_for_people_at_a_terminal(
    stream: io.StringIO | None, environ: dict[str, str], wanted: bool
) -> None:
    assert wants_progress(stream, environ) is wanted


def test_title_tells_operation_requests_and_time_left() -> None:
    now = [0.0]
    terminal = Terminal()
    progress = Progress(terminal, clock=lambda: now[0])
    for _ in range(10):
        progress.finish({"seen": 4}, ended=False)
        progress.finish(None, ended=True)
    now[0] = 20.0

    progress.start("test_contract.py::test_matches_definition[GetDocument]", 30)
    progress.close()

    told = "10/30 GetDocument · 40 requests · about 40 s left"
    assert terminal.getvalue() == f"{SAVE}\x1b]2;{told}\x07{RESTORE}"


def test_hostile_name_commands_no_terminal() -> None:
    progress = Progress(Terminal())

    assert "\x1b" not in progress.text("t.py::t[\x1b]0;x\x07]", 1, 1.0)
