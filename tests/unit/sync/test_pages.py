"""Pages of a run against answers that misbehave."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api.answers import Answer
from painelml.marketplace.errors import UnknownEnvelope
from painelml.sync.dispatch import spread
from painelml.sync.scopes import items, orders

ITEM = {"id": "MLB1", "seller_id": 1, "status": "active", "currency_id": "BRL", "last_updated": "2026-11-01T00:00:00Z"}


class Api:
    """Answers in the order given."""

    account = ConnectedAccount(uuid4(), uuid4(), 1, "MLB", "ACTIVE")

    def __init__(self, *documents: Any) -> None:
        self.documents = list(documents)
        self.asked: list[dict[str, Any]] = []

    def get(self, _: str, **params: Any) -> Answer:
        self.asked.append(params)
        return Answer(self.documents.pop(0))

    def get_all(self, calls: list[tuple[str, dict[str, Any]]]) -> list[Answer]:
        return [self.get(path, **params) for path, params in calls]


def scan(*ids: str, scroll_id: str | None = "s") -> dict[str, Any]:
    return {"results": list(ids), "scroll_id": scroll_id}


@pytest.mark.parametrize(
    "envelope",
    [[{"status_code": 200, "id": "MLB1", "body": ITEM}], [{"code": 200, "body": ITEM}]],
    ids=["bulk", "legacy"],
)
def test_both_multiget_envelopes_are_read(envelope: Any) -> None:
    found, done = items.items_page(Api(scan("MLB1"), envelope), items.first_cursor(1, None))  # type: ignore[arg-type]
    assert [item.id for item in found] == ["MLB1"]
    assert (done.processed.items, done.errors, done.finished) == (1, [], False)


@pytest.mark.parametrize(
    "envelope", [{"results": [ITEM]}, [ITEM], [{"status": 200, "item": ITEM}], [{"status_code": 200}], ["MLB1"]]
)
def test_an_unknown_envelope_is_loud(envelope: Any) -> None:
    with pytest.raises(UnknownEnvelope):
        items.items_page(Api(scan("MLB1"), envelope), items.first_cursor(1, None))  # type: ignore[arg-type]


def test_what_one_item_lacks_is_an_error_of_that_item() -> None:
    envelope = [
        {"status_code": 200, "id": "MLB1", "body": ITEM},
        {"status_code": 404},
        {"status_code": 403, "id": "MLB3"},
        {"status_code": 200, "id": "MLB4", "body": {"id": "MLB4"}},
    ]
    api = Api(scan("MLB1", "MLB2", "MLB3", "MLB4"), envelope)
    found, done = items.items_page(api, items.first_cursor(1, None))  # type: ignore[arg-type]
    assert [item.id for item in found] == ["MLB1"]
    assert [(error.code, error.resource) for error in done.errors] == [
        ("item_answered_403", "MLB3"),
        ("unreadable_item", "MLB4"),
    ]


@pytest.mark.parametrize("last", [scan(scroll_id="s"), scan("MLB1", scroll_id=None)])
def test_a_scan_ends_with_an_empty_page_or_without_an_id(last: dict[str, Any]) -> None:
    api = Api(last, [{"status_code": 200, "id": "MLB1", "body": ITEM}])
    _, done = items.items_page(api, {"scroll_id": "before", "restarts": 0})  # type: ignore[arg-type]
    assert done.finished
    assert api.asked[0] == {"search_type": "scan", "scroll_id": "before"}


def test_orders_that_leave_a_window_while_it_is_read_skip_nobody() -> None:
    cursor = {**orders.first_cursor(1, None), "offset": 200, "total": 500}
    found, done = orders.orders_page(Api({"paging": {"total": 497}, "results": [{}]}), cursor)  # type: ignore[arg-type]
    assert found == []
    assert (done.cursor["offset"], done.cursor["total"], done.finished) == (197, 497, False)


def test_an_hour_with_too_many_orders_is_told() -> None:
    cursor = orders.first_cursor(1, None)
    cursor["windows"] = [["2026-11-01T10:00:00+00:00", "2026-11-01T11:00:00+00:00"]]
    cursor["offset"] = 9_950
    _, done = orders.orders_page(Api({"paging": {"total": 10_001}, "results": []}), cursor)  # type: ignore[arg-type]
    assert [error.code for error in done.errors] == ["window_too_dense"]
    assert done.finished


@pytest.mark.req("K53")
def test_accounts_are_spread_over_the_window() -> None:
    places = [spread(uuid4(), 840) for _ in range(2000)]
    assert 0 <= min(places) < max(places) < 840
    by_quarter = [sum(1 for place in places if quarter * 210 <= place < (quarter + 1) * 210) for quarter in range(4)]
    assert min(by_quarter) > 400
