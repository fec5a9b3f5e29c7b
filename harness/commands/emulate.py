"""`emulate`: an Azure to practise on, by hand, with a settings file to match."""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.bounds.files import is_file
from harness.bounds.urls import split_url
from harness.demo import Demo, emulator_command, sample_folder
from harness.errors import HarnessError, SettingsError

__all__ = ["emulate"]

SETTINGS_NAME = "emulated.toml"
PASSED_ON = (
    "sample",
    "upstream",
    "auth_settings",
    "action",
    "token_version",
    "device_code",
    "gateway_key",
)
OURS = "# Written by connector-harness emulate, for one run of the emulator."


def emulate(options: argparse.Namespace) -> int:
    """Start the emulator, print what is needed to use it, and stop on Ctrl-C."""
    if options.list_faults:
        command = [*emulator_command(), "--list-faults"]
        command += ["--sample", options.sample] if options.sample else []
        return subprocess.run(command, check=False).returncode
    demo = Demo(_arguments(options))
    try:
        path = Path.cwd() / SETTINGS_NAME
        own = options.app is not None or bool(options.upstream)
        name = None if own else options.sample or "documents"
        write_settings(path, demo.description, sample=name)
        print(_welcome(demo.description, path), flush=True)
        demo.wait()
    except KeyboardInterrupt:
        print("stopped")
    finally:
        demo.close()
    return 0


def _arguments(options: argparse.Namespace) -> list[str]:
    arguments: list[str] = []
    if options.app is not None:
        if not is_file(Path(options.app)):
            raise SettingsError(f"{options.app}: there is no such file")
        arguments += ["--app", options.app]
    if options.upstream is not None:
        parts = split_url(options.upstream)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(f"--upstream {options.upstream!r}: not a URL of a Functions host")
    for name in PASSED_ON:
        value = getattr(options, name)
        if value is not None:
            arguments += ["--" + name.replace("_", "-"), value]
    for fault in options.fault:
        arguments += ["--fault", fault]
    return arguments


def _welcome(told: Mapping[str, Any], path: Path) -> str:
    users = "\n".join(
        f"  {name:<7} {told['users'][name]['username']:<24} {told['users'][name]['password']}"
        for name in told["shown_users"]
    )
    return (
        f"app        {told['app_url']}\n"
        f"authority  {told['authority']}  (tenant {told['tenant_id']})\n"
        f"users and passwords, made for this run\n{users}\n"
        f"code page  {told['device_page']}  (its certificate is the emulator's own)\n"
        f"settings   {path.name}  (written here; holds these passwords: do not commit it)\n\n"
        "in another terminal:\n"
        f"  pytest --function-app emulated --connector-config {path.name}\n\n"
        "Ctrl-C stops the emulator"
    )


def _is_ours(path: Path) -> bool:
    """Whether a settings file may be written over: there is none, or `emulate` wrote it."""
    if not is_file(path):
        return True
    with path.open(encoding="utf-8", errors="replace") as stream:
        return stream.readline().strip() == OURS


def write_settings(path: Path, told: Mapping[str, Any], *, sample: str | None) -> None:
    """A settings file that fits the running emulator; the sample's own sections where it runs.

    Raises:
        HarnessError: it cannot be written.
    """
    lines = [OURS]
    if sample:
        lines.append(f"connector = {json.dumps(sample_folder(sample).as_posix())}")
    lines += [
        "",
        "[targets]",
        f'emulated = "{told["app_url"]}"',
        "",
        "[entra]",
        f'tenant-id = "{told["tenant_id"]}"',
        f'client-id = "{told["client_id"]}"',
        f'connector-client-id = "{told["connector_client_id"]}"',
        f'connector-client-secret = "{told["client_secret"]}"',
        f'api-client-id = "{told["api_client_id"]}"',
        f'scope = "{told["scope"]}"',
        f'authority = "{told["authority"]}"',
        f"ca-bundle = {json.dumps(Path(told['ca_file']).as_posix())}",
    ]
    if told["gateway_key"]:
        key = json.dumps(told["gateway_key"])
        lines += ["", "[gateway]", f"headers = {{ Ocp-Apim-Subscription-Key = {key} }}"]
    for name in told["shown_users"]:
        user = told["users"][name]
        lines += ["", f"[users.{name}]", f'username = "{user["username"]}"']
        lines.append(f'password = "{user["password"]}"')
    if not _is_ours(path):
        raise HarnessError(f"{path}: is not a file that emulate wrote; move it, or start elsewhere")
    own = sample_folder(sample) / "connector-harness.toml" if sample else None
    if own is not None and own.is_file():
        document = own.read_text(encoding="utf-8")
        lines += ["", document[document.index("[anonymous]") :].rstrip()]
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise HarnessError(f"{path}: cannot be written: {error.strerror or error}") from None
