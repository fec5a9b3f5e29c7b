"""The pytest plugin: options and fixtures; the work begins only with `--function-app`.

Without it nothing is collected, imported or printed, and a test that asks for one of our fixtures
is skipped with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.bounds.files import exists
from harness.errors import HarnessError, internal_error, one_clear_line
from harness.session.fixtures import (
    anonymous_client,
    as_user,
    connector,
    connector_check,
    connector_part,
    function_app,
    operation,
    token_for,
    user_client,
    user_token,
)

if TYPE_CHECKING:
    from harness.session.hooks import HarnessSession

__all__ = [
    "anonymous_client",
    "as_user",
    "connector",
    "connector_check",
    "connector_part",
    "function_app",
    "operation",
    "token_for",
    "user_client",
    "user_token",
]

MARKERS = (
    ("definition", "what the connector's files say"),
    ("compat", "breaking changes against the deployed connector"),
    ("anonymous", "calls without a token are refused"),
    ("tokens", "hostile and unfit tokens are refused"),
    ("delegated", "calls run as the signed-in user"),
    ("contract", "no drift between definition and live app"),
    ("quick", "the selection for pull requests"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option group; every `dest` carries our prefix."""
    group = parser.getgroup("connector harness", "connector harness (Power Platform connectors)")

    def option(name: str, dest: str, help_text: str, **more: Any) -> None:
        group.addoption(name, dest=f"connector_harness_{dest}", help=help_text, **more)

    option(
        "--function-app",
        "function_app",
        "Function app to test: a name of [targets], an app's name, app/slot, a URL, or demo",
        metavar="TARGET",
    )
    option(
        "--connector",
        "connector",
        "Connector definition, its folder, a paconn settings.json, or a Postman collection",
        metavar="PATH",
    )
    option(
        "--connector-config",
        "config",
        "Settings file (default: connector-harness.toml in the root folder)",
        metavar="PATH",
    )
    option(
        "--connector-operation",
        "operations",
        "Only this operation; repeatable",
        action="append",
        default=[],
        metavar="ID",
    )
    option(
        "--connector-shard",
        "shard",
        "Only the K-th of N parts of the operations, stable by operation id; "
        "connector-harness report merge puts the reports together",
        metavar="K/N",
    )
    option(
        "--connector-baseline",
        "baseline",
        "The connector as deployed: file, folder, or git:REV; adds the compat suite",
        metavar="REF",
    )
    option(
        "--sign-in",
        "sign_in",
        "How users sign in: auto (default), device-code, interactive, password, cache",
        metavar="FLOW",
    )
    option(
        "--cassettes",
        "cassettes",
        "Recordings: off (default: live), record, replay (offline)",
        metavar="MODE",
    )
    option(
        "--cassette-dir", "cassette_dir", "Folder of recordings (default: cassettes)", metavar="DIR"
    )
    option(
        "--connector-report-dir",
        "report_dir",
        "Folder of reports (default: reports)",
        metavar="DIR",
    )
    option(
        "--writes",
        "writes",
        "What may be sent to operations that change state, your own tests' calls among them: "
        "none, examples (default: given inputs, no DELETE), all (see docs/safety.md)",
        metavar="MODE",
    )
    option(
        "--connector-seed", "seed", "Seed of generated cases (default: 0)", type=int, metavar="N"
    )
    option(
        "--connector-examples",
        "examples",
        "Generated cases per operation (default: 20)",
        type=int,
        metavar="N",
    )
    option(
        "--connector-concurrency",
        "concurrency",
        "Requests in flight per worker (default: 8)",
        type=int,
        metavar="N",
    )
    option("--connector-har", "har", "Also write reports/exchanges.har", action="store_true")
    option(
        "--connector-demo-fault",
        "demo_faults",
        "Switch on a fault of the demo; repeatable (connector-harness emulate --list-faults)",
        action="append",
        default=[],
        metavar="NAME",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Keep the root folder where the user stands.

    pytest looks for it before it knows our options, and so takes the value of `--connector PATH`
    for a test path; without an ini file the root would then move beside that file.
    """
    _leave_modules_alone(early_config)
    known = early_config.known_args_namespace
    named_root = known.rootdir or known.inifilename
    if getattr(known, "connector_harness_function_app", None) is None or named_root:
        return
    here = early_config.invocation_params.dir
    named = [here / str(name).partition("::")[0] for name in known.file_or_dir]
    meant = [path.resolve() for path in named if exists(path)] or [here]
    ini = early_config.inipath
    found = ini is not None and all(path.is_relative_to(ini.parent) for path in meant)
    if not found and all(path.is_relative_to(here) for path in meant):
        early_config._rootpath = here


def _leave_modules_alone(config: pytest.Config) -> None:
    """Keep pytest from rewriting the asserts of our package, as it does with every plugin's.

    That parses each module, many of them when a check first needs them. The suites' own files are
    rewritten because of their names. Where `_must_rewrite`, which is not public, moves, all is as
    usual.
    """
    marked = getattr(getattr(config.pluginmanager, "rewrite_hook", None), "_must_rewrite", None)
    if isinstance(marked, set):
        marked.discard("harness")


def pytest_configure(config: pytest.Config) -> None:
    """Register markers; start the harness when a function app is named."""
    for name, meaning in MARKERS:
        config.addinivalue_line("markers", f"{name}: connector harness: {meaning}")
    if config.getoption("connector_harness_function_app") is not None:
        session = _start(config)
        config.pluginmanager.register(session, "connector-harness-session")


def _start(config: pytest.Config) -> HarnessSession:
    from harness.session.hooks import HarnessSession
    from harness.session.last_net import EXIT_INTERNAL, LastNet

    config.pluginmanager.register(LastNet(config), "connector-harness-last-net")
    try:
        return HarnessSession(config)
    except HarnessError as error:
        raise pytest.UsageError(one_clear_line(error)) from None
    except Exception as error:  # a fault of ours is one line, never a traceback
        if config.getoption("full_trace", False):
            raise
        return pytest.exit(f"connector-harness: {internal_error(error)}", returncode=EXIT_INTERNAL)
