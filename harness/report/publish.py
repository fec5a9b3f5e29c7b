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

__all__ = ["Published", "publish"]


@dataclass(frozen=True, slots=True)
class Published:
    """What a run came to: exit status, report, the files written, the JSON first, and lost ones."""

    status: int
    report: dict[str, Any]
    written: tuple[Path, ...]
    problems: tuple[str, ...] = ()

    def show(self, terminal: Any) -> None:
        """Show the verdict on the terminal, and on the build server's page where there is one."""
        from harness.report.formats.markdown import publish_summary
        from harness.report.formats.terminal import print_report

        if self.status == EXIT_USAGE and not self.report["checks"]:
            return  # pytest says what was wrong with the command; there is nothing to sum up
        print_report(self.report, terminal, self.written)
        for problem in self.problems:
            terminal.write_line(f"not written: {one_clear_line(problem)}", red=True)
        terminal.ensure_newline()
        publish_summary(self.report, os.environ, terminal.write)


def publish(parts: Sequence[tuple[str, int, dict[str, Any]]], settings: Settings) -> Published:
    """Put the parts' reports (name, exit status, report) together and write the files."""
    status = combined_status(status for _, status, _ in parts)
    report = combined([(name, report) for name, _, report in parts], status)
    written, problems = write_report(report, settings.report_dir, har=settings.har)
    return Published(status, report, tuple(written), tuple(problems))
