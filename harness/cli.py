"""The console command `connector-harness`: its parser, and one line for every error.

Exit status: 0 done, 1 an error finding (for `diff`: a breaking change), 2 Ctrl-C, 3 a fault of the
harness itself, 4 usage or an unreadable file.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from harness import __version__
from harness.errors import HarnessError, internal_error, one_clear_line
from harness.redaction.console import showing_only

__all__ = ["build_parser", "main"]

EXIT_USAGE = 4
EXIT_INTERRUPTED = 2
EXIT_INTERNAL = 3
SIGN_IN = ("auto", "device-code", "interactive", "password", "cache")
FUNCTIONS = {
    "import-postman": "import_postman_command",
    "import-openapi": "import_openapi_command",
}


class _Parser(argparse.ArgumentParser):
    """Usage errors leave with status 4, as everywhere in the harness."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of every command, each with an example in its help."""
    parser = _Parser(
        prog="connector-harness",
        description="Test harness for Power Platform custom connectors. The tests themselves run "
        "under pytest: pytest --function-app myapp",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _sign_in_commands(commands)
    _file_commands(commands)
    _run_commands(commands)
    _start_commands(commands)
    return parser


def _command(
    commands: argparse._SubParsersAction[_Parser],
    name: str,
    module: str,
    help_text: str,
    example: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=help_text,
        description=help_text,
        epilog=f"example: {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=(module, FUNCTIONS.get(name, name)))
    return parser


def _config_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--connector-config", dest="config", metavar="PATH", help="settings file (default: found)"
    )


def _start_commands(commands: argparse._SubParsersAction[_Parser]) -> None:
    verify = _command(
        commands,
        "verify",
        "harness.commands.verifying",
        "Run the suites: pytest --function-app TARGET, without other packages' plugins",
        "connector-harness verify myapp -m quick",
    )
    verify.add_argument("target", metavar="TARGET", help="as for pytest --function-app")
    verify.add_argument("rest", nargs=argparse.REMAINDER, help="every option of pytest")
    doctor = _command(
        commands,
        "doctor",
        "harness.commands.checking_up.command",
        "Check everything that a run needs, step by step, without changing anything",
        "connector-harness doctor myapp",
    )
    doctor.add_argument("target", nargs="?", default="", metavar="TARGET", help="default: the demo")
    doctor.add_argument("--sign-in", choices=SIGN_IN, metavar="FLOW", help="default: cache only")
    doctor.add_argument("--connector", metavar="PATH", help="default: found in this folder")
    _config_option(doctor)
    init = _command(
        commands,
        "init",
        "harness.commands.setting_up.command",
        "Write the settings of the connector in this folder, from its files and the app's answer",
        "connector-harness init myapp --user alice=alice@contoso.com --user bob=bob@contoso.com",
    )
    init.add_argument("target", nargs="?", default="", metavar="TARGET", help="a function app")
    init.add_argument(
        "--user",
        action="append",
        default=[],
        metavar="NAME=ADDRESS",
        help="a test user; repeatable",
    )
    init.add_argument("--sign-in", choices=SIGN_IN, metavar="FLOW", help=", ".join(SIGN_IN))
    init.add_argument("--ca-bundle", metavar="FILE", help="a company's own certificates")
    init.add_argument("--connector", metavar="PATH", help="default: found in this folder")
    az = init.add_mutually_exclusive_group()
    az.add_argument("--az", action="store_true", default=None, help="ask the Azure CLI as well")
    az.add_argument("--no-az", dest="az", action="store_false", help="do not ask the Azure CLI")
    init.add_argument("--tests", action="store_true", help="also write three tests of your own")
    init.add_argument("--yes", action="store_true", help="ask nothing")


def _sign_in_commands(commands: argparse._SubParsersAction[_Parser]) -> None:
    module = "harness.commands.sign_in"
    login = _command(
        commands, "login", module, "Sign users in ahead of a run", "connector-harness login alice"
    )
    login.add_argument("user", nargs="?", help="a user of the settings (default: every user)")
    login.add_argument("--sign-in", metavar="FLOW", help="auto, device-code, interactive, password")
    login.add_argument(
        "--export", metavar="FILE", help="also write the serialized cache, for a secret store of CI"
    )
    login.add_argument(
        "--plain-cache",
        action="store_true",
        help="keep sign-ins in a plain file of mode 0600, where no keyring is to be had",
    )
    logout = _command(
        commands, "logout", module, "Forget every cached token", "connector-harness logout"
    )
    token = _command(
        commands,
        "token",
        module,
        "Show a user's token: its claims and what each means",
        "connector-harness token alice",
    )
    token.add_argument("user", help="a user of the settings")
    token.add_argument("--reveal", action="store_true", help="print the raw token instead")
    for parser in (login, logout, token):
        _config_option(parser)


def _file_commands(commands: argparse._SubParsersAction[_Parser]) -> None:
    module = "harness.commands.files"
    postman = _command(
        commands,
        "import-postman",
        module,
        "Turn a Postman collection into a connector definition, as the wizard would",
        "connector-harness import-postman Hello.json -o apiDefinition.swagger.json",
    )
    postman.add_argument("file", help="a collection, v1, v2.0 or v2.1")
    postman.add_argument("-o", "--output", metavar="FILE", help="default: standard output")
    openapi = _command(
        commands,
        "import-openapi",
        "harness.commands.openapi",
        "Turn an app's OpenAPI 3.0 or 3.1 document into a connector definition",
        "connector-harness import-openapi https://myapp.azurewebsites.net/api/openapi/v3.json "
        "-o apiDefinition.swagger.json",
    )
    openapi.add_argument("source", metavar="FILE|URL", help="the document, JSON or YAML")
    openapi.add_argument("-o", "--output", metavar="FILE", help="default: standard output")
    openapi.add_argument(
        "--against",
        metavar="DEFINITION",
        help="show what this connector lacks or has too much instead",
    )
    lint = _command(
        commands,
        "lint",
        module,
        "Judge connectors' files without a single call",
        "connector-harness lint connectors/expenses",
    )
    lint.add_argument("paths", nargs="+", metavar="PATH", help="connectors, or folders of them")
    lint.add_argument(
        "--suggest-schemas",
        metavar="REPORT",
        help="propose response schemas from the answers in a report.json",
    )
    lint.add_argument(
        "--fix", action="store_true", help="write back what has one safe answer, then judge again"
    )
    lint.add_argument(
        "--diff", action="store_true", help="with --fix: show what would be written, write nothing"
    )
    lint.add_argument(
        "--agent", action="store_true", help="also judge the connector as tools of an agent"
    )
    _config_option(lint)
    diff = _command(
        commands,
        "diff",
        "harness.commands.diffing",
        "Compare two versions of a connector: what breaks existing flows and apps",
        "connector-harness diff deployed/ connector/",
    )
    diff.add_argument("old", help="what is deployed: a file, a folder, or git:REV")
    diff.add_argument("new", help="what to deploy: a connector, or a folder of many")
    _config_option(diff)
    for parser in (lint, diff):
        parser.add_argument("--format", choices=("text", "json", "sarif"), default="text")


def _run_commands(commands: argparse._SubParsersAction[_Parser]) -> None:
    report = _command(
        commands,
        "report",
        "harness.commands.reports",
        "Render the other formats again from a report.json",
        "connector-harness report reports/report.json",
    )
    report.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a report.json; or merge FILE...: the shards' reports",
    )
    report.add_argument(
        "-o", "--output", metavar="DIR", default="reports", help="merge: where to write (reports)"
    )
    report.add_argument(
        "--check-hash", metavar="CONNECTOR", help="exit 1 unless the report passed these very files"
    )
    report.add_argument("--har", action="store_true", help="also write a HAR file")
    report.add_argument("--junit", action="store_true", help="also write junit.xml")
    rules = _command(
        commands,
        "rules",
        "harness.commands.reports",
        "List every rule",
        "connector-harness rules anonymous",
    )
    rules.add_argument("filter", nargs="?", default="", help="a family, or a rule's id")
    rules.add_argument("--format", choices=("text", "json", "markdown"), default="text")
    explain = _command(
        commands,
        "explain",
        "harness.commands.explain",
        "Explain a rule, a sign-in error, an HTTP answer, a token's claims or an app's "
        "authentication settings, offline",
        "connector-harness explain AADSTS53003 --flow device-code; "
        "curl -i URL | connector-harness explain - --as anonymous",
    )
    explain.add_argument(
        "thing",
        metavar="THING",
        help="a rule's id, a code, a text, a file, or - for standard input",
    )
    explain.add_argument(
        "--as",
        dest="caller",
        choices=("anonymous", "user"),
        default="anonymous",
        help="who made the call that an HTTP answer is for (default: anonymous)",
    )
    explain.add_argument(
        "--flow", default="", metavar="FLOW", help="how the sign-in was tried, such as device-code"
    )
    _config_option(explain)
    explain.add_argument("--format", choices=("text", "json"), default="text")
    access = _command(
        commands,
        "access",
        "harness.commands.reports",
        "Draft the access table from what a run observed",
        "connector-harness access reports/report.json",
    )
    access.add_argument("file", nargs="?", default="reports/report.json", help="a report.json")
    emulate = _command(
        commands,
        "emulate",
        "harness.commands.emulate",
        "Practise on an emulated Azure: Entra ID, Easy Auth and a Functions host",
        "connector-harness emulate --upstream http://localhost:7071",
    )
    emulate.add_argument(
        "app",
        nargs="?",
        metavar="FUNCTION_APP_FILE",
        help="a Python function_app.py (default: the sample)",
    )
    emulate.add_argument(
        "--sample", metavar="NAME", help="a sample app: documents (the default), tickets"
    )
    emulate.add_argument("--upstream", metavar="URL", help="a local Functions host of any language")
    emulate.add_argument(
        "--fault", action="append", default=[], metavar="NAME", help="switch on a fault; repeatable"
    )
    emulate.add_argument("--list-faults", action="store_true", help="list the faults and stop")
    emulate.add_argument("--auth-settings", metavar="FILE", help="an authsettingsV2 document")
    emulate.add_argument("--action", metavar="ACTION", help="unauthenticatedClientAction")
    emulate.add_argument(
        "--gateway-key", metavar="KEY", help="put a gateway in front that asks for this key"
    )
    emulate.add_argument("--token-version", choices=("1", "2"), help="version of access tokens")
    emulate.add_argument(
        "--device-code",
        choices=("auto", "manual"),
        default="manual",
        help="manual (default): a person enters the code on the emulator's page",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status."""
    _write_anything()
    with showing_only():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    options = build_parser().parse_args(arguments)
    module, name = options.run
    try:
        status = getattr(importlib.import_module(module), name)(options)
        sys.stdout.flush()
    except HarnessError as error:
        _say(error)
        return EXIT_USAGE
    except BrokenPipeError:
        return _leave_pipe()
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except OSError as error:
        _say(f"{error.filename or 'output'}: {error.strerror or error}")
        return EXIT_USAGE
    except Exception as error:  # the last net: a fault of ours is one line, never a traceback
        _say(internal_error(error))
        return EXIT_INTERNAL
    return int(status)


def _write_anything() -> None:
    """Let a console that knows few characters show escapes for the others, and never fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _say(problem: object) -> None:
    """One line on standard error, whatever a file or an app put into it."""
    print(f"connector-harness: {one_clear_line(problem)}", file=sys.stderr)


def _leave_pipe() -> int:
    """Leave quietly: who reads our output (`head`, say) has had enough."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
