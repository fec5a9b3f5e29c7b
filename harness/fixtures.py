"""The fixtures users get. Without `--function-app` each skips its test with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from harness.callers.token import Token
    from harness.clients import FunctionApp
    from harness.connector.model import Connector, Operation
    from harness.run import Check
    from harness.session import HarnessSession

SESSION_PLUGIN = "connector-harness-session"


def active_session(config: pytest.Config) -> HarnessSession:
    """The harness of this run; skips the asking test where it is not switched on."""
    session: Any = config.pluginmanager.getplugin(SESSION_PLUGIN)
    if session is None:
        pytest.skip("needs the connector harness: run pytest with --function-app")
    return session  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def function_app(pytestconfig: pytest.Config) -> FunctionApp:
    """The function app under test: `.name` and `.url`."""
    return active_session(pytestconfig).function_app()


@pytest.fixture(scope="session")
def connector(pytestconfig: pytest.Config) -> Connector:
    """The connector under test: `.title`, `.operations`, `.operation("Hello")`, `.raw`."""
    return active_session(pytestconfig).run.connector


@pytest.fixture
def operation(request: pytest.FixtureRequest) -> Operation:
    """One operation of the connector; a test that asks for it runs once per operation."""
    session = active_session(request.config)
    parameter = getattr(request, "param", None)
    if parameter is None:
        pytest.skip("the connector has no operations")
    return session.run.connector.operation(parameter)


@pytest.fixture
def connector_check(request: pytest.FixtureRequest) -> Check:
    """The check of one suite test: performs probes and concludes."""
    return active_session(request.config).check_for(request.node)


@pytest.fixture(scope="session")
def anonymous_client(pytestconfig: pytest.Config) -> Iterator[httpx.Client]:
    """A client without a token; base URL is function app + base path; follows no redirects."""
    with active_session(pytestconfig).client(None) as client:
        yield client


@pytest.fixture(scope="session")
def as_user(pytestconfig: pytest.Config) -> Iterator[Callable[[str], httpx.Client]]:
    """A client for any user of the settings: `as_user("bob")`."""
    session = active_session(pytestconfig)
    opened: dict[str, httpx.Client] = {}

    def client(name: str) -> httpx.Client:
        if name not in opened:
            opened[name] = session.client(name)
        return opened[name]

    yield client
    for each in opened.values():
        each.close()


@pytest.fixture(scope="session")
def user_client(
    pytestconfig: pytest.Config, as_user: Callable[[str], httpx.Client]
) -> httpx.Client:
    """A client that calls as the default user, the first of the settings."""
    return as_user(active_session(pytestconfig).default_user())


@pytest.fixture(scope="session")
def token_for(pytestconfig: pytest.Config) -> Callable[[str], Token]:
    """The token of any user of the settings: `token_for("bob").claims`."""
    return active_session(pytestconfig).token


@pytest.fixture(scope="session")
def user_token(pytestconfig: pytest.Config) -> Token:
    """The default user's token: `.claims`, `.expires_at`, `.value` (never prints itself)."""
    session = active_session(pytestconfig)
    return session.token(session.default_user())
