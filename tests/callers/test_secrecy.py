"""No secret shows in reprs, messages or tracebacks, whatever goes wrong."""

from __future__ import annotations

import base64
import traceback
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest

from harness.callers.token import Token
from harness.errors import HarnessError, SignInError
from harness.settings.values import Deferred

PASSWORD = "Canary+pass/word=ä 1"
SECRET = "Canary~client.secret_2"


def shown_with_locals(error: BaseException) -> str:
    """The traceback below the test as --showlocals would show it, chained errors included."""
    lines = []
    for each in chain_of(error):
        below = each.__traceback__.tb_next if each.__traceback__ else None
        told = traceback.TracebackException(type(each), each, below, capture_locals=True)
        lines += told.format(chain=False)
    return "".join(lines)


def chain_of(error: BaseException | None) -> list[BaseException]:
    if error is None:
        return []
    inner = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return [*chain_of(inner), error]


def encodings(secret: str) -> set[str]:
    raw = secret.encode()
    return {
        secret,
        repr(secret)[1:-1],
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote_plus(secret),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }


def nothing(_tenant: Any) -> None:
    """The password is wrong by itself."""


def odd_answer(tenant: Any) -> None:
    tenant.emulator.entra.grants.fail_next(4711)


def down(tenant: Any) -> None:
    tenant.emulator.faults.on("entra-down")


@pytest.mark.parametrize("trouble", [nothing, odd_answer, down])
@pytest.mark.parametrize("with_secret", [False, True], ids=["public", "confidential"])
def test_failed_sign_ins_show_no_secret_even_with_locals(
    tenant: Any,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[Any], None],
    with_secret: bool,
) -> None:
    monkeypatch.setattr("harness.callers.http.FIRST_PAUSE_S", 0.0)
    trouble(tenant)
    monkeypatch.setenv("CANARY_PASSWORD", PASSWORD)
    monkeypatch.setenv("CANARY_SECRET", SECRET)
    secret = Deferred("${CANARY_SECRET}") if with_secret else None
    user = tenant.user("alice", password=Deferred("${CANARY_PASSWORD}"))
    sign_ins = tenant.sign_ins(user, entra=tenant.entra(client_secret=secret))

    with pytest.raises(HarnessError) as caught:
        sign_ins.token("alice")

    shown = shown_with_locals(caught.value)
    assert "user_name = 'alice'" in shown
    for canary in encodings(PASSWORD) | encodings(SECRET):
        assert canary not in shown


def test_a_failed_renewal_shows_no_token(tenant: Any) -> None:
    sign_ins = tenant.sign_ins()
    parts = sign_ins.token("alice").value.reveal().split(".")
    tenant.emulator.entra.grants.fail_next(50173, grant="refresh_token", times=None)

    with pytest.raises(SignInError) as caught:
        sign_ins.token("alice", renew=True)

    shown = shown_with_locals(caught.value)
    for canary in (*parts, *tenant.emulator.entra.grants.refresh):
        assert canary not in shown


def test_the_wrong_accounts_token_is_not_shown(tenant: Any) -> None:
    raw = tenant.sign_ins().token("bob").value.reveal()
    sign_ins = tenant.sign_ins(tenant.user("alice", password=None, token=Deferred(raw)))

    with pytest.raises(SignInError) as caught:
        sign_ins.token("alice")

    shown = shown_with_locals(caught.value)
    assert caught.value.rule == "sign-in.wrong-account"
    for canary in raw.split("."):
        assert canary not in shown


def test_a_token_has_no_face_but_user_audience_and_expiry() -> None:
    token = Token.made("alice", "e30.eyJhdWQiOiJ4In0.c2ln", now=0.0, source="test")

    assert repr(token) == "Token(user='alice', audience='x', expires_at=1970-01-01 01:00:00 UTC)"
    assert "reveal" not in repr(token)


def test_pytest_shows_no_secret_in_an_assertion_diff(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from harness.callers.token import Token

        def made(reversed_signature):
            signature = reversed_signature[::-1]
            return Token.made("a", "e30.eyJhdWQiOiJ4In0." + signature, now=0, source="t")

        def test_diff():
            assert made("1YRANAC") == made("2YRANAC")
        """
    )

    result = pytester.runpytest_subprocess("-vv", "--showlocals", "-p", "no:cacheprovider")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Token(user='a', audience='x'*"])
    assert "CANARY" not in result.stdout.str()
