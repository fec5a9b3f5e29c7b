from __future__ import annotations

import io
import os

import pytest

from harness.report.formats.progress import Progress, wants_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def size_of(columns: int, rows: int) -> os.terminal_size:
    return os.terminal_size((columns, rows))


@pytest.mark.parametrize(
    ("stream", "environ", "wanted"),
    [
        pytest.param(Terminal(), {"TERM": "xterm"}, True, id="terminal"),
        pytest.param(Terminal(), {"WT_SESSION": "1"}, True, id="windows-terminal"),
        pytest.param(Terminal(), {}, False, id="old-console"),
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


def test_last_line_tells_operation_requests_and_time_left() -> None:
    now = [0.0]
    terminal = Terminal()
    progress = Progress(terminal, clock=lambda: now[0], size=lambda: size_of(80, 24))
    for _ in range(10):
        progress.finish({"seen": 4}, ended=False)
        progress.finish(None, ended=True)
    now[0] = 20.0

    progress.start("test_contract.py::test_matches_definition[GetDocument]", 30)
    progress.close()

    told = "10/30 contract GetDocument · 40 requests · about 40 s left"
    reserve = "\x1bD\x1b7\x1b[1;23r\x1b8\x1b[1A"
    give_back = "\x1b7\x1b[1;24r\x1b[24;1H\x1b[2K\x1b8"
    assert terminal.getvalue() == f"{reserve}\x1b7\x1b[24;1H\x1b[2K{told}\x1b8{give_back}"


def test_line_is_cut_to_the_width_and_small_terminals_are_left_alone() -> None:
    sizes = [size_of(20, 24), size_of(20, 5)]
    terminal = Terminal()

    Progress(terminal, clock=lambda: 0.0, size=lambda: sizes[0]).start("t.py::t[Operation]", 3)
    Progress(small := Terminal(), clock=lambda: 0.0, size=lambda: sizes[1]).start("t.py::t", 3)

    assert "0/3 t Operation · 0\x1b8" in terminal.getvalue()
    assert small.getvalue() == ""


def test_region_is_reserved_once_and_again_after_a_resize() -> None:
    now, rows = [0.0], [24]
    terminal = Terminal()
    progress = Progress(terminal, clock=lambda: now[0], size=lambda: size_of(80, rows[0]))

    for now[0], rows[0] in ((1.0, 24), (2.0, 24), (3.0, 30)):
        progress.start("t.py::t", 3)

    assert terminal.getvalue().count("r\x1b8\x1b[1A") == 2
    assert "\x1b[1;29r" in terminal.getvalue()
    progress.close()


def test_hostile_name_commands_no_terminal() -> None:
    progress = Progress(Terminal())

    assert "\x1b" not in progress.text("t.py::t[\x1b]0;x\x07]", 1, 1.0)
