"""Running `lint --fix` on files: writing or showing each fix, and the diff of its own result."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.bounds.files import reason_of
from harness.commands.fixing import Fixed, fix
from harness.connector.loading import load_connector
from harness.errors import DefinitionError, HarnessError
from harness.redaction.whole_files import write_whole

__all__ = ["fix_all"]

KINDS = {"error": "breaking", "warning": "risky", "note": "harmless"}


def fix_all(targets: Sequence[Path], *, write: bool) -> None:
    """Fix every definition that can be read; what cannot be read is told by lint itself.

    Raises:
        HarnessError: a file cannot be written.
    """
    for target in targets:
        try:
            connector = load_connector(target)
        except DefinitionError:
            continue
        try:
            fixed = fix(connector)
        except DefinitionError as error:
            print(error, file=sys.stderr)
            continue
        _settle(fixed, write=write)


def _settle(fixed: Fixed, *, write: bool) -> None:
    """Write or show one fix. Everything goes to standard error but the diff of --diff."""
    if fixed.refused:
        print(f"{fixed.path}: not fixed, since the result would break flows:", file=sys.stderr)
        for change in fixed.refused:
            print(f"  breaking: {change.data.get('sentence')}", file=sys.stderr)
        return
    if not fixed.done:
        print(f"{fixed.path}: nothing to fix", file=sys.stderr)
        return
    if not write:
        sys.stdout.writelines(_unified(fixed))
    else:
        _write(fixed)
    verb = "fixed" if write else "would be fixed"
    print(f"{fixed.path}: {len(fixed.done)} {verb}:", file=sys.stderr)
    for said in fixed.done:
        print(f"  {said}", file=sys.stderr)
    counts = [
        f"{sum(c.severity == level for c in fixed.changes)} {kind}" for level, kind in KINDS.items()
    ]
    print(f"  diff with what was there: {', '.join(counts)}", file=sys.stderr)
    for change in fixed.changes:
        print(f"  {KINDS[change.severity]}: {change.data.get('sentence')}", file=sys.stderr)


def _unified(fixed: Fixed) -> list[str]:
    name = fixed.path.as_posix()
    lines = difflib.unified_diff(
        [f"{line}\n" for line in fixed.old.splitlines()],
        [f"{line}\n" for line in fixed.new.splitlines()],
        name,
        f"{name} (fixed)",
    )
    return list(lines)


def _write(fixed: Fixed) -> None:
    try:
        write_whole(fixed.path.resolve(), fixed.new)
    except (OSError, ValueError) as error:
        raise HarnessError(f"{fixed.path}: cannot be written: {reason_of(error)}") from None
