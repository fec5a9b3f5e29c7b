"""Node ids, selection, bystanders and exit statuses, with the plugin as it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Runner

DEMO = ("--function-app", "demo")
CHECK = "test_anonymous.py::test_call_is_refused[Hello]"
BYSTANDER = """
import pytest

def pytest_addoption(parser):
    parser.addoption("--seed", default="bystander")

def pytest_generate_tests(metafunc):
    if "operation" in metafunc.fixturenames:
        metafunc.parametrize("operation", ["add", "subtract"])
"""


def test_node_ids_are_short_and_stable(run_pytest: Runner) -> None:
    ran = run_pytest(*DEMO, "--collect-only", "-q")

    assert ran.status == 0, ran.output
    assert CHECK in ran.output.splitlines()
    assert "test_contract.py::test_matches_definition[WhoAmI]" in ran.output.splitlines()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_one_check_runs_again_by_its_id(run_pytest: Runner, workers: str) -> None:
    ran = run_pytest(*DEMO, "-n", workers, CHECK)

    assert ran.status == 0, ran.output
    assert [check["id"] for check in ran.report["checks"]] == [CHECK]


def test_unknown_check_is_a_usage_error(run_pytest: Runner) -> None:
    ran = run_pytest(*DEMO, "test_anonymous.py::test_call_is_refused[Nope]")

    assert ran.status == 4, ran.output
    assert "not found" in ran.output


def test_last_failed_runs_only_what_failed(run_pytest: Runner) -> None:
    few = (*DEMO, "-m", "anonymous", "-k", "WhoAmI or Hello")
    fault = ("--connector-demo-fault", "auth-off:WhoAmI")
    first = run_pytest(*few, *fault)
    assert first.status == 1, first.output

    again = run_pytest(*few, *fault, "--lf")

    assert again.status == 1, again.output
    failed = {check["id"] for check in again.report["checks"]}
    assert failed == {"test_anonymous.py::test_call_is_refused[WhoAmI]"}


@pytest.mark.parametrize("workers", ["0", "2"])
def test_stopping_at_the_first_failure_is_exit_1(run_pytest: Runner, workers: str) -> None:
    ran = run_pytest(
        *DEMO, "-x", "-n", workers, "-m", "anonymous", "--connector-demo-fault", "auth-off"
    )

    assert ran.status == 1, ran.output
    assert len(ran.report["checks"]) < 12


def test_no_suite_item_is_exit_5(run_pytest: Runner) -> None:
    assert run_pytest(*DEMO, "-k", "surely_nothing").status == 5


def test_definition_alone_signs_nobody_in(run_pytest: Runner) -> None:
    ran = run_pytest(*DEMO, "-m", "definition")

    assert ran.status == 0, ran.output
    assert ran.report["requests"]["sent"] == 0


@pytest.mark.parametrize("workers", ["0", "2"])
def test_bystander_project_is_undisturbed(run_pytest: Runner, tmp_path: Path, workers: str) -> None:
    (tmp_path / "conftest.py").write_text(BYSTANDER, encoding="utf-8")
    (tmp_path / "test_own.py").write_text(
        "def test_own(operation, request):\n"
        "    assert operation in ('add', 'subtract')\n"
        "    assert request.config.getoption('--seed') == 'bystander'\n",
        encoding="utf-8",
    )

    for options in ((), DEMO):
        ran = run_pytest(*options, "-n", workers, "test_own.py")

        assert ran.status == 0, ran.output
        assert "2 passed" in ran.output


def test_users_own_tests_get_the_fixtures(run_pytest: Runner, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(
        "def test_me(as_user, user_token, anonymous_client, connector, function_app):\n"
        "    answer = as_user('bob').get('/me')\n"
        "    assert answer.json()['userPrincipalName'] == 'bob@contoso.example'\n"
        "    assert user_token.claims['scp'] == 'user_impersonation'\n"
        "    assert anonymous_client.get('/me').status_code == 401\n"
        "    assert connector.operation('WhoAmI').method == 'GET'\n"
        "    assert function_app.name == 'demo'\n"
        "def test_each(operation):\n"
        "    assert operation.id\n",
        encoding="utf-8",
    )

    ran = run_pytest(*DEMO, "test_own.py")

    assert ran.status == 0, ran.output
    assert "12 passed" in ran.output


def test_without_function_app_our_fixtures_skip(run_pytest: Runner, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_me(user_client): ...\n", encoding="utf-8")

    ran = run_pytest("-rs", "test_own.py")

    assert ran.status == 0, ran.output
    assert "run pytest with --function-app" in ran.output
    assert ran.report == {}


def test_failing_test_of_the_users_is_exit_1(run_pytest: Runner, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_me(): assert 1 == 2\n", encoding="utf-8")

    assert run_pytest(*DEMO, "test_own.py").status == 1


@pytest.mark.parametrize(
    ("options", "word"),
    [
        pytest.param(("--function-app", "not a name"), "not a name", id="target"),
        pytest.param((*DEMO, "--connector", "missing.json"), "no such file", id="connector"),
        pytest.param((*DEMO, "--writes", "some"), "must be one of", id="choice"),
        pytest.param((*DEMO, "--connector-operation", "Nope"), "no operation", id="operation"),
        pytest.param(("--function-app", "myapp"), "apiDefinition", id="nothing-found"),
        pytest.param((*DEMO, "--connector-config", "none.toml"), "no such", id="config"),
    ],
)
def test_usage_error_is_one_line_and_exit_4(
    run_pytest: Runner, options: tuple[str, ...], word: str
) -> None:
    ran = run_pytest(*options)

    assert ran.status == 4, ran.output
    assert word in ran.output
    assert "Traceback" not in ran.output


def test_broken_definition_names_file_line_and_remedy(run_pytest: Runner, tmp_path: Path) -> None:
    (tmp_path / "apiDefinition.swagger.json").write_text(
        '{\n  "swagger": "2.0",\n}\n', encoding="utf-8"
    )

    ran = run_pytest("--function-app", "myapp")

    assert ran.status == 4, ran.output
    assert "apiDefinition.swagger.json:2:" in ran.output or ":3:" in ran.output


def test_unreachable_app_is_exit_6(run_pytest: Runner, tmp_path: Path) -> None:
    (tmp_path / "apiDefinition.swagger.json").write_text(
        '{"swagger": "2.0", "info": {"title": "T", "version": "1"}, "host": "127.0.0.1:9",'
        '"basePath": "/", "schemes": ["https"], "paths": {"/a": {"get": {"operationId": "A",'
        '"summary": "A", "description": "Does A.",'
        '"responses": {"200": {"description": "ok"}}}}}}',
        encoding="utf-8",
    )

    ran = run_pytest("--function-app", "https://127.0.0.1:9", "-m", "anonymous")

    assert ran.status == 6, ran.output
    assert ran.report["verdict"] == "unverified"
