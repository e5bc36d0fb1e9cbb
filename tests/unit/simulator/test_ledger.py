"""The index of a seller's orders against the obvious way to search them."""

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.ledger import DATES, Ledger
from simulator.model import Order
from simulator.seed import create_seller
from simulator.state import World

WORLD = World()
create_seller(WORLD, items=1, orders=1)
SAMPLE = next(iter(WORLD.orders.values()))

moments = st.integers(min_value=0, max_value=20)
dates = st.tuples(moments, moments, moments)


def _order(number: int, when: tuple[int, int, int]) -> Order:
    created, closed, updated = when
    return dataclasses.replace(SAMPLE, id=number, date_created=created, date_closed=closed, date_last_updated=updated)


@settings(max_examples=80, deadline=None)
@given(
    first=st.lists(dates, max_size=12),
    moves=st.lists(st.tuples(st.integers(0, 15), dates), max_size=12),
    windows=st.dictionaries(st.sampled_from(DATES), st.tuples(moments, moments), max_size=3),
)
def test_a_window_finds_what_a_scan_of_everything_finds(
    first: list[tuple[int, int, int]],
    moves: list[tuple[int, tuple[int, int, int]]],
    windows: dict[str, tuple[int, int]],
) -> None:
    ledger = Ledger()
    orders = {number: _order(number, when) for number, when in enumerate(first)}
    ledger.fill(orders.values())
    for number, when in moves:
        orders[number] = _order(number, when)
        ledger.place(orders[number])
    inside = [
        order
        for order in orders.values()
        if all(start <= getattr(order, date) <= end for date, (start, end) in windows.items())
    ]
    expected = sorted(inside, key=lambda order: (order.date_closed, order.id))
    assert ledger.within(windows) == [order.id for order in expected]
    assert len(ledger) == len(orders)
