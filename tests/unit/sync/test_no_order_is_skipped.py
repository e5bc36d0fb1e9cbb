"""No order is passed over, whatever moves while a run reads: a small model of Mercado Livre's search, and runs against it.

The model has what makes it hard: windows go by update stamp but pages by closing date, hours are whole, an update takes time to
become visible, its clock is not ours, offsets end early, and between any two searches orders are made, updated and closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api.answers import Answer
from painelml.sync import windows
from painelml.sync.scopes import orders

BEGAN = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
DAYS, CAP, LIMIT = 30, 12, 2
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

Move = tuple[str, int, int]
moves = st.lists(
    st.tuples(st.sampled_from(["update", "close", "make", "wait"]), st.integers(0, 30), st.integers(0, 50)), max_size=3
)


@dataclass(slots=True)
class Version:
    """What an order looks like from `visible` on."""

    updated: datetime
    closed: datetime | None
    visible: datetime


class Marketplace:
    """Answers /orders/search. Before each answer the next few moves of `script` happen."""

    account = ConnectedAccount(uuid4(), uuid4(), 1, "MLB", "ACTIVE")

    def __init__(self, ages: list[int], script: list[list[Move]]) -> None:
        self.now = BEGAN
        self.script = script
        self.orders = {
            number: [Version(BEGAN - age * HOUR, BEGAN - age * HOUR if number % 3 else None, BEGAN - DAYS * 24 * HOUR)]
            for number, age in enumerate(ages)
        }

    def get(self, _: str, **asked: Any) -> Answer:
        for move in self.script.pop(0) if self.script else ():
            self._move(*move)
        since, until = (self._hour(asked[f"order.date_last_updated.{side}"]) for side in ("from", "to"))
        found = sorted(
            (version.closed or version.updated, number, version.updated)
            for number, version in self._seen()
            if since <= version.updated < until
        )
        page = found[asked["offset"] : asked["offset"] + asked["limit"]]
        return Answer({"paging": {"total": len(found)}, "results": [self._document(number, at) for _, number, at in page]})

    def get_all(self, calls: list[tuple[str, dict[str, Any]]]) -> list[Answer]:
        return [self.get(path, **asked) for path, asked in calls]

    def _move(self, what: str, number: int, minutes: int) -> None:
        """`minutes` is how long it takes to become visible, or how long nothing happens."""
        if what == "wait":
            self.now += minutes * MINUTE
        elif what == "make":
            self.orders[len(self.orders)] = [Version(self.now, None, self.now + minutes * MINUTE)]
        else:
            versions = self.orders[number % len(self.orders)]
            closed = self.now if what == "close" else versions[-1].closed
            # A later version never shows before an earlier one.
            visible = max(self.now + minutes * MINUTE, versions[-1].visible)
            versions.append(Version(self.now, closed, visible))

    def _seen(self) -> Iterator[tuple[int, Version]]:
        for number, versions in self.orders.items():
            shown = [version for version in versions if version.visible <= self.now]
            if shown:
                yield number, shown[-1]

    @staticmethod
    def _hour(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(minute=0, second=0, microsecond=0)

    def _document(self, number: int, updated: datetime) -> dict[str, Any]:
        stamp = updated.isoformat()
        return {
            "id": number,
            "status": "paid",
            "seller": {"id": 1},
            "currency_id": "BRL",
            "total_amount": 1,
            "date_created": stamp,
            "date_last_updated": stamp,
        }


@contextmanager
def our_clock(market: Marketplace, skew: int) -> Iterator[None]:
    """Ours is `skew` minutes ahead of Mercado Livre's."""
    with patch.object(orders, "now", lambda: market.now + skew * MINUTE):
        yield


def read(market: Marketplace, newest: datetime | None) -> tuple[dict[int, datetime], datetime | None]:
    """One run: the newest version of each order that it saw, and what the next run starts from."""
    seen: dict[int, datetime] = {}
    cursor = orders.first_cursor(DAYS, newest)
    for _ in range(2000):
        found, done = orders.orders_page(market, cursor)  # type: ignore[arg-type]
        for order in found:
            seen[order.id] = max(order.updated_at, seen.get(order.id, order.updated_at))
        cursor = done.cursor
        assert "window_too_dense" not in {error.code for error in done.errors}
        if done.finished:
            return seen, datetime.fromisoformat(cursor["newest"]) if cursor["newest"] else None
    raise AssertionError("the run does not end")


@pytest.mark.req("B003", "K53")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    ages=st.lists(st.integers(0, DAYS * 24 - 2), min_size=1, max_size=30, unique=True),
    script=st.lists(moves, max_size=20).filter(lambda script: _densest(script) < CAP),
    pause=st.integers(0, 90),
    skew=st.integers(-60, 60),
    each=st.integers(1, 4),
)
def test_every_orders_last_version_is_seen(ages: list[int], script: list[list[Move]], pause: int, skew: int, each: int) -> None:
    """Two runs among the moves; then it is quiet, and one more run has seen what they may have passed over."""
    market = Marketplace(ages, list(script))
    seen: dict[int, datetime] = {}
    newest: datetime | None = None
    small = patch.multiple(orders, SEARCH_LIMIT=LIMIT, OFFSET_CAP=CAP, SEARCHES_PER_PAGE=each)
    with small, our_clock(market, skew):
        for wait in (pause * MINUTE, 4 * HOUR, timedelta(0)):
            found, newest = read(market, newest)
            for number, updated in found.items():
                seen[number] = max(updated, seen.get(number, updated))
            market.now += wait
            if wait == 4 * HOUR:
                market.script.clear()
    assert seen == {number: versions[-1].updated for number, versions in market.orders.items()}


def _densest(script: list[list[Move]]) -> int:
    """At most so many orders can come into one hour: all that are touched, with the one that was there."""
    return Counter(what != "wait" for step in script for what, _, _ in step)[True] + 1


def test_the_overlap_covers_the_model() -> None:
    """Slowness and skew of the model stay together below what the windows allow for."""
    assert (50 + 60) * MINUTE < windows.OVERLAP
