"""What users share on purpose, what is equal by chance, and what is neither."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.exchanges.model import Request
from harness.settings.values import AccessRow, BodyExpectation, DelegatedSettings
from tests.suites.delegated.app_double import (
    Answer,
    App,
    context_of,
    found,
    interleaved,
    operation,
    separated,
)

LIST = {"/projects": {"get": operation("ListProjects")}}
SHARED = [{"id": 1, "name": "Apollo", "owner": "alice@example.com"}]
MINE = {
    "alice": [{"id": 1, "owner": "alice@example.com"}],
    "bob": [{"id": 2, "owner": "bob@example.com"}],
}
BOTH = [*MINE["alice"], *MINE["bob"]]


def always(body: Any) -> App:
    return lambda _request, _who: (200, body)


def by_user(bodies: dict[str, Any]) -> App:
    return lambda _request, who: (200, bodies[who])


def test_list_that_is_the_same_for_everybody_and_names_one_is_a_note(tmp_path: Path) -> None:
    context = context_of(tmp_path, LIST)

    assert [s for _, s, _ in found(separated(context, always(SHARED), "ListProjects"))] == ["note"]
    assert found(interleaved(context, always(SHARED), "ListProjects")) == []


def test_shared_list_proposes_to_call_it_private(tmp_path: Path) -> None:
    judgement = separated(context_of(tmp_path, LIST), always(SHARED), "ListProjects")

    assert 'private = ["ListProjects"]' in judgement.findings[0].remedy


@pytest.mark.parametrize(
    "delegated",
    [
        DelegatedSettings(private=("ListProjects",)),
        DelegatedSettings(access=(AccessRow("ListProjects", {"bob": (403, 404)}),)),
    ],
    ids=["private", "forbidden by a row"],
)
def test_shared_list_is_an_error_where_the_settings_say_so(
    tmp_path: Path, delegated: DelegatedSettings
) -> None:
    context = context_of(tmp_path, LIST, delegated=delegated)

    assert ("delegated.leak", "error", "bob") in found(
        separated(context, always(SHARED), "ListProjects")
    )


def test_answer_that_one_user_alone_should_get_is_a_warning(tmp_path: Path) -> None:
    app = by_user({"alice": MINE["alice"], "bob": BOTH})

    judgement = separated(context_of(tmp_path, LIST), app, "ListProjects")

    assert found(judgement) == [("delegated.leak", "warning", "bob")]
    assert '[users.bob] sees = ["alice"]' in judgement.findings[0].remedy


def test_record_that_names_both_users_is_of_both(tmp_path: Path) -> None:
    row = {"id": 2, "owner": "bob@example.com", "reviewer": "alice@example.com"}
    app = by_user({"alice": MINE["alice"], "bob": [row]})

    assert found(separated(context_of(tmp_path, LIST), app, "ListProjects")) == []


def test_operation_whose_name_says_my_is_no_shared_list(tmp_path: Path) -> None:
    context = context_of(tmp_path, {"/mine": {"get": operation("ListMyProjects")}})

    judgement = separated(context, always(SHARED), "ListMyProjects")

    assert found(judgement) == [("delegated.leak", "warning", "bob")]


@pytest.mark.parametrize("seen", [("bob",), ("everyone",)], ids=["by name", "everyone"])
def test_administrator_who_sees_everybody_is_silent_and_a_leak_to_bob_is_not(
    tmp_path: Path, seen: tuple[str, ...]
) -> None:
    context = context_of(tmp_path, LIST, sees={"alice": seen})
    fine = by_user({"alice": BOTH, "bob": MINE["bob"]})
    leaking = by_user({"alice": BOTH, "bob": [*reversed(BOTH), {"id": 3}]})

    assert found(separated(context, fine, "ListProjects")) == []
    assert found(separated(context, leaking, "ListProjects")) == [
        ("delegated.leak", "warning", "bob")
    ]


def test_success_row_is_leave_for_its_caller_alone(tmp_path: Path) -> None:
    rows = (AccessRow("ListProjects", {"alice": (200,)}),)
    context = context_of(tmp_path, LIST, delegated=DelegatedSettings(access=rows))
    app = by_user({"alice": BOTH, "bob": [*reversed(BOTH), {"id": 3}]})

    assert [caller for _, _, caller in found(separated(context, app, "ListProjects"))] == ["bob"]


def test_row_that_says_what_the_answer_may_not_hold_gives_no_leave(tmp_path: Path) -> None:
    body = BodyExpectation(not_contains=("alice@example.com",))
    rows = (AccessRow("ListProjects", {"bob": (200,)}, bodies={"bob": body}),)
    context = context_of(tmp_path, LIST, delegated=DelegatedSettings(access=rows))
    app = by_user({"alice": MINE["alice"], "bob": BOTH})

    assert found(separated(context, app, "ListProjects")) == [("delegated.leak", "warning", "bob")]


@pytest.mark.parametrize(
    "body",
    [
        {"count": 2},
        {"open": 0, "closed": 0, "paid": 0},
        ("text/csv", "id,title,owner\n"),
        [],
        {"value": [], "@odata.count": 0},
        7,
    ],
    ids=["count", "all zero", "only a header", "empty", "empty page", "number"],
)
def test_what_is_equal_by_chance_is_no_leak_even_where_private(tmp_path: Path, body: Any) -> None:
    private = DelegatedSettings(private=("ListProjects",))
    context = context_of(tmp_path, LIST, delegated=private)

    assert found(separated(context, always(body), "ListProjects")) == []
    assert found(interleaved(context, always(body), "ListProjects")) == []


def test_rows_of_a_table_that_both_get_from_a_private_operation_are_an_error(
    tmp_path: Path,
) -> None:
    private = DelegatedSettings(private=("ListProjects",))
    app = always(("text/csv", "id,title\n17,Apollo\n"))

    context = context_of(tmp_path, LIST, delegated=private)

    assert [s for _, s, _ in found(separated(context, app, "ListProjects"))] == ["error"]


def test_ids_that_count_anew_for_each_user_are_not_the_same_records(tmp_path: Path) -> None:
    private = DelegatedSettings(private=("ListProjects",))
    app = by_user({"alice": [{"id": 1, "title": "Budget"}], "bob": [{"id": 1, "title": "Trip"}]})

    context = context_of(tmp_path, LIST, delegated=private)

    assert found(separated(context, app, "ListProjects")) == []


class CachedByUrl:
    """Keeps the first answer to each URL, whoever asks."""

    def __init__(self, bodies: dict[str, Any]) -> None:
        self.bodies = bodies
        self.kept: dict[str, Any] = {}

    def __call__(self, request: Request, who: str) -> Answer:
        return 200, self.kept.setdefault(request.target, self.bodies[who])


@pytest.mark.parametrize("bodies", [MINE, {"alice": {"count": 3}, "bob": {"count": 8}}])
def test_answer_kept_by_url_for_whoever_asks_is_an_error(
    tmp_path: Path, bodies: dict[str, Any]
) -> None:
    judgement = interleaved(context_of(tmp_path, LIST), CachedByUrl(bodies), "ListProjects")

    assert found(judgement) == [("delegated.bleed", "error", "bob")]


def test_shared_answer_with_the_time_in_it_that_a_cache_keeps_is_silent(tmp_path: Path) -> None:
    moments = iter(range(1000))
    kept: dict[str, Any] = {}

    def app(request: Request, _who: str) -> Answer:
        body = {"rows": SHARED, "at": f"2026-01-01T00:00:00.{next(moments):03}Z"}
        return 200, kept.setdefault(request.target, body)

    assert found(interleaved(context_of(tmp_path, LIST), app, "ListProjects")) == []


def test_count_that_moves_between_calls_is_not_the_other_users(tmp_path: Path) -> None:
    calls = {"alice": 0, "bob": 0}

    def app(_request: Request, who: str) -> Answer:
        calls[who] += 1
        moved = who == "alice" and calls[who] > 3
        return 200, {"count": 5 if moved or who == "bob" else 4}

    assert found(interleaved(context_of(tmp_path, LIST), app, "ListProjects")) == []


def test_counts_that_change_places_within_a_round_are_swapped(tmp_path: Path) -> None:
    calls = iter(range(1000))

    def app(_request: Request, who: str) -> Answer:
        swapped = next(calls) in (6, 7)
        return 200, {"count": 4 if (who == "alice") != swapped else 5}

    judgement = interleaved(context_of(tmp_path, LIST), app, "ListProjects")

    assert [rule for rule, _, _ in found(judgement)] == ["delegated.bleed"]
