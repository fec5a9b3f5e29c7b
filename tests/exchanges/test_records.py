from __future__ import annotations

from typing import Any

import pytest

from harness.exchanges.records import id_of, items_in, records


@pytest.mark.parametrize("key", ["value", "Items", "results", "data", "records", "entries"])
def test_list_of_an_answer_is_found_under_its_usual_names(key: str) -> None:
    answer: dict[str, Any] = {"next": [], key: [{"id": 1}]}

    assert items_in(answer) == [{"id": 1}]
    assert records(answer) == [{"id": 1}]


def test_list_under_another_name_is_found_where_it_is_alone() -> None:
    assert items_in({"count": 1, "tickets": [{"id": 1}]}) == [{"id": 1}]


def test_empty_list_holds_no_record() -> None:
    assert records({"entries": []}) == []


@pytest.mark.parametrize(
    ("record", "parameter", "expected"),
    [
        ({"id": 1, "documentId": "d"}, "documentId", "d"),
        ({"name": "n", "id": 1}, "documentId", "1"),
        ({"name": "n", "document": "d"}, "documentId", "d"),
        ({"paid": "yes", "name": "n"}, "id", "n"),
        ({"ticketNumber": 7, "name": "n"}, "id", "7"),
        ({"code": 404, "message": "m"}, "id", None),
        ({"id": True, "key": "k"}, "id", "k"),
        ({"id": ""}, "id", None),
    ],
)
def test_id_of_a_record_is_the_field_that_fits_best(
    record: dict[str, Any], parameter: str, expected: str | None
) -> None:
    assert id_of(record, parameter) == expected
