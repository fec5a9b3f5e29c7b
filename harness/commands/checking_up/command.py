"""`connector-harness doctor`: one line a step; 0, 1 where something is wrong, 6 where unseen."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from harness.commands.checking_up.steps import Step, steps_of
from harness.errors import HarnessError
from harness.redaction.learning import redactor_of
from harness.redaction.visible import log_text
from harness.session.coordinator import Coordinator
from harness.session.inputs import load_run
from harness.settings.building import Options

__all__ = ["doctor"]

WRONG, UNSEEN = 1, 6
MARKS = {"ok": "ok   ", "wrong": "WRONG", "could not look": "?    "}


def doctor(options: argparse.Namespace) -> int:
    """Check what a run needs, without changing anything."""
    target = options.target or "demo"
    flow = options.sign_in or "cache"
    chosen = Options(
        function_app=target,
        connector=options.connector,
        config=options.config,
        sign_in=None if target == "demo" else flow,
    )
    try:
        loaded = load_run(chosen, Path.cwd())
    except HarnessError as error:
        _show(Step("settings", "wrong", *_two(str(error))))
        return WRONG
    coordinator = Coordinator(
        loaded.settings,
        loaded.connector,
        make_prompt=_prompt,
        interactive=options.sign_in is not None,
        redactor=redactor_of(loaded.settings),
    )
    states = set()
    try:
        for step in steps_of(loaded, coordinator):
            _show(step)
            states.add(step.state)
    finally:
        coordinator.close()
    if "wrong" in states:
        return WRONG
    return UNSEEN if "could not look" in states else 0


def _prompt() -> Any:
    from harness.callers.prompting import TerminalPrompt

    return TerminalPrompt()


def _two(text: str) -> tuple[str, str]:
    first, _, rest = text.partition("\n")
    return first, rest


def _show(step: Step) -> None:
    print(log_text(f"{MARKS[step.state]} {step.name:<18} {step.says}"), flush=True)
    for line in step.remedy.splitlines() if step.state != "ok" else ():
        print(log_text(f"      {'':<18} → {line}"), flush=True)
