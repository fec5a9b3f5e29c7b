from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness.errors import SignInError

SHORT = pytest.mark.parametrize("special_tenant", [{"token_lifetime": 20}], indirect=True)


def test_a_token_with_much_life_left_is_not_renewed(tenant: Any, clock: Any) -> None:
    sign_ins = tenant.sign_ins(clock=clock)
    first = sign_ins.token("alice")

    clock.now += 3600 * 0.79

    assert sign_ins.token("alice") is first


def test_a_token_is_renewed_quietly_before_it_dies(tenant: Any, clock: Any) -> None:
    sign_ins = tenant.sign_ins(clock=clock)
    first = sign_ins.token("alice")

    clock.now += 3600 * 0.81
    second = sign_ins.token("alice")

    assert second.value != first.value
    assert tenant.issued == [("alice", "password"), ("alice", "refresh_token")]


@SHORT
def test_a_run_with_short_lived_tokens_renews_at_most_every_ten_seconds(
    special_tenant: Any, clock: Any
) -> None:
    sign_ins = special_tenant.sign_ins(clock=clock)

    for _ in range(240):
        for user in ("alice", "bob"):
            assert sign_ins.token(user).remaining(clock.now) > 0
        clock.now += 0.5

    for user in ("alice", "bob"):
        grants = [grant for who, grant in special_tenant.issued if who == user]
        assert grants.count("password") == 1
        assert 6 <= grants.count("refresh_token") <= 12


@SHORT
def test_many_threads_share_one_renewal(special_tenant: Any, clock: Any) -> None:
    sign_ins = special_tenant.sign_ins(clock=clock)
    sign_ins.token("alice")
    clock.now += 15

    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(sign_ins.token, ["alice"] * 16))

    assert len({id(token) for token in tokens}) == 1
    assert [grant for _, grant in special_tenant.issued].count("refresh_token") == 1


def test_after_a_refusal_the_token_is_renewed_once(tenant: Any, clock: Any) -> None:
    sign_ins = tenant.sign_ins(clock=clock)
    first = sign_ins.token("alice")

    second = sign_ins.token("alice", renew=True)
    clock.now += 60
    third = sign_ins.token("alice", renew=True)

    assert second.value != first.value
    assert third is second
    assert [grant for _, grant in tenant.issued] == ["password", "refresh_token"]


def test_a_revoked_sign_in_ends_with_a_diagnosis(tenant: Any) -> None:
    sign_ins = tenant.sign_ins()
    sign_ins.token("alice")
    tenant.emulator.entra.grants.fail_next(50173, grant="refresh_token", times=None)

    with pytest.raises(SignInError) as caught:
        sign_ins.token("alice", renew=True)

    assert caught.value.rule == "sign-in.session-expired"
    with pytest.raises(SignInError, match="AADSTS50173"):
        sign_ins.token("alice")
    assert [grant for _, grant in tenant.issued] == ["password"]


def test_trouble_with_a_quiet_renewal_is_no_failure_while_the_token_lives(
    tenant: Any, clock: Any
) -> None:
    sign_ins = tenant.sign_ins(clock=clock)
    first = sign_ins.token("alice")
    tenant.emulator.entra.grants.fail_next(700082, grant="refresh_token", times=None)

    clock.now += 3500
    assert sign_ins.token("alice") is first
    clock.now += 50
    assert sign_ins.token("alice") is first


def test_a_permanent_refusal_of_renewal_is_not_asked_for_again(tenant: Any, clock: Any) -> None:
    sign_ins = tenant.sign_ins(clock=clock)
    sign_ins.token("alice")
    tenant.emulator.entra.grants.fail_next(700082, grant="refresh_token", times=None)
    clock.now += 3000

    for _ in range(5):
        sign_ins.token("alice")
        clock.now += 30

    assert tenant.requests("/token") == 2


def test_a_token_that_was_handed_in_stays_as_it_is(tenant: Any) -> None:
    from harness.settings.values import Deferred

    raw = tenant.sign_ins().token("alice").value.reveal()
    sign_ins = tenant.sign_ins(tenant.user("alice", token=Deferred(raw), password=None))

    first = sign_ins.token("alice")

    assert first.source == "token"
    assert sign_ins.token("alice", renew=True) is first


def test_a_confidential_client_renews_with_its_secret(tenant: Any, clock: Any) -> None:
    from harness.settings.values import Deferred

    client = tenant.emulator.tenant.clients["55555555-1111-4222-8333-444455556666"]
    entra = tenant.entra(client_id=client.client_id, client_secret=Deferred(client.secret))
    sign_ins = tenant.sign_ins(entra=entra, clock=clock)
    sign_ins.token("alice")

    clock.now += 3500
    sign_ins.token("alice")

    assert [grant for _, grant in tenant.issued] == ["password", "refresh_token"]


def test_a_clock_that_is_off_is_remarked_on(tenant: Any, clock: Any) -> None:
    import time

    clock.now = time.time() - 1200
    sign_ins = tenant.sign_ins(clock=clock)

    sign_ins.token("alice")

    [remark] = sign_ins.remarks
    assert remark.rule == "sign-in.clock"
    assert "20 min behind" in remark.text
