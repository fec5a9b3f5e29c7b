from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import SettingsError
from harness.settings.building import Options, build_settings, resolve_target
from harness.settings.values import Deferred

PUBLIC = "https://login.microsoftonline.com"


@pytest.mark.parametrize(
    ("target", "url"),
    [
        pytest.param("myapp", "https://myapp.azurewebsites.net", id="name"),
        pytest.param("myapp/staging", "https://myapp-staging.azurewebsites.net", id="slot"),
        pytest.param("https://a.example/api/", "https://a.example/api", id="url"),
        pytest.param("http://localhost:7071", "http://localhost:7071", id="loopback"),
        pytest.param("test", "https://t.example", id="of-targets"),
    ],
)
def test_target_in_all_its_forms(target: str, url: str) -> None:
    assert resolve_target(target, {"test": "https://t.example"}, PUBLIC)[1] == url


def test_sovereign_cloud_has_its_own_domain() -> None:
    _, url = resolve_target("myapp", {}, "https://login.microsoftonline.us")

    assert url == "https://myapp.azurewebsites.us"


@pytest.mark.parametrize(
    ("target", "word"),
    [
        pytest.param("http://app.example", "https only", id="plain-http"),
        pytest.param("ftp://app.example", "https URL", id="other-scheme"),
        pytest.param("my app", "not a name", id="space"),
        pytest.param("https://u:p@app.example", "no user", id="credentials"),
        pytest.param("https://app.example:port", "not a URL", id="bad-port"),
    ],
)
def test_bad_target_is_refused_with_a_reason(target: str, word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        resolve_target(target, {}, PUBLIC)


def write(folder: Path, text: str) -> Path:
    (folder / "connector-harness.toml").write_text(text, encoding="utf-8")
    return folder


def test_file_is_read_into_settings(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        [entra]
        tenant-id = "t"
        [users.alice]
        username = "alice@contoso.com"
        password = "${SURELY_NOT_SET}"
        [[delegated.access]]
        operation = "Get"
        expect = { alice = 200, anonymous = [401, 302] }
        [[waivers]]
        rule = "contract.status"
        reason = "ticket 123"
        until = 2027-01-31
        """,
    )

    settings = build_settings(Options("myapp"), tmp_path, environ={})

    assert settings.entra.tenant_id == "t"
    assert settings.default_user == "alice"
    assert settings.delegated.access[0].expect == {"alice": (200,), "anonymous": (401, 302)}
    assert settings.waivers[0].until.isoformat() == "2027-01-31"


def test_environment_beats_file_and_keeps_its_dollars(tmp_path: Path) -> None:
    write(tmp_path, '[entra]\ntenant-id = "from-file"\n[users.Alice]\npassword = "x"\n')
    environ = {
        "CONNECTOR_HARNESS_ENTRA__TENANT_ID": "from-environment",
        "CONNECTOR_HARNESS_USERS__ALICE__PASSWORD": "pa$$word${X}",
    }

    settings = build_settings(Options("myapp"), tmp_path, environ=environ)

    assert settings.entra.tenant_id == "from-environment"
    password = settings.users["Alice"].password
    assert password is not None
    assert password.resolve() == "pa$$word${X}"


def test_command_line_beats_the_file(tmp_path: Path) -> None:
    write(tmp_path, 'writes = "none"\nsign-in = "cache"\n')

    settings = build_settings(
        Options("myapp", writes="all", sign_in="password"), tmp_path, environ={}
    )

    assert (settings.writes, settings.sign_in) == ("all", "password")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param('[entra]\ntennant-id = "x"', "did you mean 'tenant-id'", id="misspelt-key"),
        pytest.param("[enta]\n", "did you mean 'entra'", id="misspelt-section"),
        pytest.param('[anonymous]\nexpect = "200"', "must be one of", id="not-a-choice"),
        pytest.param("[entra\n", "not valid TOML", id="broken-toml"),
        pytest.param('[users.anonymous]\nusername = "x"', "kept for our own", id="reserved-user"),
        pytest.param('[[waivers]]\nrule = "x"\nreason = "y"', "must be a date", id="no-date"),
        pytest.param('[entra]\nca-bundle = "none.pem"', "there is no file", id="no-bundle"),
        pytest.param('[rules]\n"contract.status" = "loud"', "must be one of", id="bad-level"),
        pytest.param('tests = "a"\nconnector = 3', "must be text", id="not-text"),
    ],
)
def test_mistake_gives_one_line_with_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, text)

    with pytest.raises(SettingsError) as raised:
        build_settings(Options("myapp"), tmp_path, environ={})

    assert message in str(raised.value)
    assert "connector-harness.toml" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_missing_variable_is_named_when_it_is_needed() -> None:
    password = Deferred("${SURELY_NOT_SET}", "[users.alice] password")

    with pytest.raises(SettingsError, match="SURELY_NOT_SET"):
        password.resolve()


def test_secrets_do_not_show_in_the_repr_of_settings(tmp_path: Path) -> None:
    write(tmp_path, '[users.alice]\npassword = "literal-canary"\n')

    settings = build_settings(Options("myapp"), tmp_path, environ={})

    assert "literal-canary" not in repr(settings)


def test_replay_needs_no_variables(tmp_path: Path) -> None:
    write(tmp_path, '[entra]\ntenant-id = "${SURELY_NOT_SET}"\n')

    settings = build_settings(Options("myapp", cassettes="replay"), tmp_path, environ={})

    assert settings.cassettes_mode == "replay"


def test_pyproject_table_serves_where_there_is_no_file(tmp_path: Path) -> None:
    text = '[tool.connector-harness]\nwrites = "none"\n'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")

    assert build_settings(Options("myapp"), tmp_path, environ={}).writes == "none"


def test_one_of_many_connectors_is_named_by_its_row(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        [entra]
        tenant-id = "shared"
        [anonymous]
        expect = "401"
        [[connectors]]
        name = "expenses"
        function-app = "expenses-app"
        connector = "connectors/expenses"
        anonymous = { public = ["Health"] }
        """,
    )

    settings = build_settings(Options("expenses", row="expenses"), tmp_path, environ={})

    assert settings.target_url == "https://expenses-app.azurewebsites.net"
    assert settings.connector == (tmp_path / "connectors" / "expenses").resolve()
    assert (settings.entra.tenant_id, settings.anonymous.expect) == ("shared", "401")
    assert settings.anonymous.public == ("Health",)
