"""What `lint` and `diff` take from the settings file: levels of rules, waivers, certification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.findings.levels import level_of, told_by_former_id, waiver_for
from harness.findings.model import Finding
from harness.settings import file as settings_file
from harness.settings.building import Options, read_levels, read_settings
from harness.settings.table import Table
from harness.settings.values import Waiver

__all__ = ["FileSettings", "is_open_error", "read_file_settings"]


@dataclass(frozen=True, slots=True)
class FileSettings:
    """The part of the settings that judging files needs."""

    levels: Mapping[str, str] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    certification: bool = False
    agent: bool = False

    def settled(self, findings: Sequence[Finding]) -> list[Finding]:
        """The findings with levels and waivers applied, those that are off left out."""
        settled = []
        for finding in findings:
            finding = told_by_former_id(finding, self.levels, self.waivers)
            level = level_of(finding, self.levels)
            if level == "off":
                continue
            if level is not None:
                finding = replace(finding, severity=level)  # type: ignore[arg-type]
            waived = waiver_for(finding, self.waivers) is not None
            settled.append(finding.as_waived() if waived else finding)
        return settled


def read_file_settings(config: str | None) -> FileSettings:
    """The settings of the file that is named, or of the one in this folder.

    Raises:
        SettingsError: it cannot be read, or holds something wrong.
    """
    path, document = read_settings(Options("none", config=config), Path.cwd())
    table = Table(path.name if path else "settings", "", document)
    return FileSettings(
        read_levels(table.sub("rules")),
        settings_file.waivers(table),
        table.sub("definition").flag("certification", False),
        table.sub("definition").flag("agent", False),
    )


def is_open_error(plain: Mapping[str, Any]) -> bool:
    """Whether a finding, as plain data, fails the command."""
    return plain["severity"] == "error" and not plain["waived"]
