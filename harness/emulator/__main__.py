"""The emulator as a process: one line of JSON when it is ready, then it serves until it is told.

It ends when its standard input does, so that it never outlives whoever started it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import threading
from pathlib import Path

from harness.emulator.faults import FAULTS, UnknownFault
from harness.emulator.functions_host import FunctionsHost
from harness.emulator.machine import Emulator, EmulatorOptions, sample_app

ACTIONS = ("RedirectToLoginPage", "Return401", "Return403", "RejectWith404", "AllowAnonymous")


def parser() -> argparse.ArgumentParser:
    """The process's options."""
    made = argparse.ArgumentParser(prog="python -m harness.emulator")
    made.add_argument("--app", type=Path)
    made.add_argument("--sample", default="documents")
    made.add_argument("--upstream")
    made.add_argument("--fault", action="append", default=[])
    made.add_argument("--auth-settings", type=Path)
    made.add_argument("--action", choices=ACTIONS, default=ACTIONS[0])
    made.add_argument("--token-version", type=int, choices=(1, 2), default=2)
    made.add_argument("--login-page", choices=("redirect", "script"), default="redirect")
    made.add_argument("--device-code", choices=("auto", "manual"), default="auto")
    made.add_argument("--token-lifetime", type=int, default=3600)
    made.add_argument("--by-keys", action="store_true")
    made.add_argument("--gateway-key")
    made.add_argument("--list-faults", action="store_true")
    made.add_argument("--no-stdin", action="store_true")
    return made


def main() -> int:
    """Serve until standard input ends or Ctrl-C; the exit status."""
    chosen = parser().parse_args()
    try:
        app = chosen.app or sample_app(chosen.sample)
        if chosen.list_faults:
            known = {**FAULTS, **FunctionsHost(app).faults}
            with contextlib.suppress(BrokenPipeError):
                print("\n".join(f"{n:<28} {meaning}" for n, meaning in known.items()), flush=True)
            return 0
        emulator = Emulator(
            EmulatorOptions(
                app=app,
                upstream=chosen.upstream,
                faults=tuple(chosen.fault),
                auth_settings=_settings(chosen.auth_settings),
                action=chosen.action,
                token_version=chosen.token_version,
                login_page=chosen.login_page,
                device_code=chosen.device_code,
                token_lifetime=chosen.token_lifetime,
                by_keys=chosen.by_keys,
                gateway_key=chosen.gateway_key,
            )
        )
    except (UnknownFault, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 4
    with emulator:
        print(json.dumps(emulator.description), flush=True)
        return _wait(chosen.no_stdin)


def _settings(path: Path | None) -> dict[str, object] | None:
    if path is None:
        return None
    document = json.loads(path.read_text(encoding="utf-8-sig"))
    if not isinstance(document, dict):
        raise ValueError(f"{path}: is no authsettingsV2 document")
    return document


def _wait(without_input: bool) -> int:
    try:
        if without_input:
            threading.Event().wait()
        while sys.stdin.readline():
            pass
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
