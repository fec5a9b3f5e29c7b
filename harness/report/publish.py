"""The end of a run: the report of all its parts, written in every format and shown."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import one_clear_line
from harness.report.exit_status import EXIT_USAGE
from harness.report.files import write_report
from harness.report.many import combined, combined_status
from harness.settings.values import Settings

__all__ = ["Concluded", "Published", "publish"]


@dataclass(frozen=True, slots=True)
class Concluded:
    """How one connector's part ended: its report for files, and as the terminal shows it."""

    name: str
    status: int
    report: dict[str, Any]
    on_terminal: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """What a run came to: exit status, report, the files written, the JSON first, and lost ones.

    `report` is what files hold; `on_terminal` may name people, on the user's own terminal.
    """

    status: int
    report: dict[str, Any]
    on_terminal: dict[str, Any]
    written: tuple[Path, ...]
    problems: tuple[str, ...] = ()

    def show(self, terminal: Any) -> None:
        """Show the verdict on the terminal, and on the build server's page where there is one."""
        from harness.report.formats.markdown import publish_summary
        from harness.report.formats.terminal import print_report

        if self.status == EXIT_USAGE and not self.report["checks"]:
            return  # pytest says what was wrong with the command; there is nothing to sum up
        print_report(self.on_terminal, terminal, self.written)
        for problem in self.problems:
            terminal.write_line(f"not written: {one_clear_line(problem)}", red=True)
        terminal.ensure_newline()
        publish_summary(self.report, os.environ, terminal.write)


def publish(parts: Sequence[Concluded], settings: Settings) -> Published:
    """Put the parts' reports together and write the files."""
    status = combined_status(part.status for part in parts)
    report = combined([(part.name, part.report) for part in parts], status)
    shown = combined([(part.name, part.on_terminal) for part in parts], status)
    written, problems = write_report(report, settings.report_dir, har=settings.har)
    return Published(status, report, shown, tuple(written), tuple(problems))
