"""The fixtures users get. Without `--function-app` each skips its test with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from harness.callers.token import Token
    from harness.connector.model import Connector, Operation
    from harness.exchanges.context import FunctionApp
    from harness.session.check import Check
    from harness.session.connector_run import ConnectorRun
    from harness.session.hooks import HarnessSession

SESSION_PLUGIN = "connector-harness-session"


def active_session(config: pytest.Config) -> HarnessSession:
    """The harness of this run; skips the asking test where it is not switched on."""
    session: Any = config.pluginmanager.getplugin(SESSION_PLUGIN)
    if session is None:
        pytest.skip("needs the connector harness: run pytest with --function-app")
    return session  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def connector_part(request: pytest.FixtureRequest) -> ConnectorRun:
    """The connector of the asking test, in a run over several of them each in turn."""
    session = active_session(request.config)
    name = getattr(request, "param", "")
    return session.parts[name] if name in session.parts else next(iter(session.parts.values()))


@pytest.fixture(scope="session")
def function_app(connector_part: ConnectorRun) -> FunctionApp:
    """The function app under test: `.name` and `.url`."""
    return connector_part.function_app()


@pytest.fixture(scope="session")
def connector(connector_part: ConnectorRun) -> Connector:
    """The connector under test: `.title`, `.operations`, `.operation("Hello")`, `.raw`."""
    return connector_part.run.connector


@pytest.fixture
def operation(request: pytest.FixtureRequest, connector_part: ConnectorRun) -> Operation:
    """One operation of the connector; a test that asks for it runs once per operation."""
    parameter = getattr(request, "param", None)
    if parameter is None:
        pytest.skip("the connector has no operations")
    return connector_part.run.connector.operation(parameter)


@pytest.fixture
def connector_check(request: pytest.FixtureRequest) -> Check:
    """The check of one suite test: performs probes and concludes."""
    return active_session(request.config).check_for(request.node)


@pytest.fixture(scope="session")
def anonymous_client(
    pytestconfig: pytest.Config, connector_part: ConnectorRun
) -> Iterator[httpx.Client]:
    """A client without a token; base URL is function app + base path; follows no redirects."""
    with connector_part.client(None, active_session(pytestconfig).current_check) as client:
        yield client


@pytest.fixture(scope="session")
def as_user(
    pytestconfig: pytest.Config, connector_part: ConnectorRun
) -> Iterator[Callable[[str], httpx.Client]]:
    """A client for any user of the settings: `as_user("bob")`."""
    current = active_session(pytestconfig).current_check
    opened: dict[str, httpx.Client] = {}

    def client(name: str) -> httpx.Client:
        if name not in opened:
            opened[name] = connector_part.client(name, current)
        return opened[name]

    yield client
    for each in opened.values():
        each.close()


@pytest.fixture(scope="session")
def user_client(
    connector_part: ConnectorRun, as_user: Callable[[str], httpx.Client]
) -> httpx.Client:
    """A client that calls as the default user, the first of the settings."""
    return as_user(connector_part.default_user())


@pytest.fixture(scope="session")
def token_for(pytestconfig: pytest.Config, connector_part: ConnectorRun) -> Callable[[str], Token]:
    """The token of any user of the settings: `token_for("bob").claims`."""
    current = active_session(pytestconfig).current_check
    return lambda name: connector_part.token(name, current())


@pytest.fixture(scope="session")
def user_token(connector_part: ConnectorRun, token_for: Callable[[str], Token]) -> Token:
    """The default user's token: `.claims`, `.expires_at`, `.value` (never prints itself)."""
    return token_for(connector_part.default_user())
