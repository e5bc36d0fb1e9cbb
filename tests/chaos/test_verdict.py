"""The judge of the chaos proof sees each fault by itself, and nothing where there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.chaos import verdict
from tests.chaos.verdict import Held, Told, Truth

OURS, THEIRS = UUID(int=1), UUID(int=2)
THEN = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAID = ("paid", THEN)
TRUTH = Truth({"/orders/1": PAID, "/orders/2": PAID}, {"/orders/1": OURS, "/orders/2": THEIRS})
TOLD = Told({"a": "/orders/1", "b": "/orders/2"}, frozenset({"a", "b"}))


def holding(order: str, key: str) -> Held:
    return Held({order: PAID}, {key: (order, "handled")}, {(order, "v1"): 1})


HELD = {OURS: holding("/orders/1", "a"), THEIRS: holding("/orders/2", "b")}


def test_nothing_is_found_where_all_is_well() -> None:
    assert verdict.missing(HELD, TRUTH) == set()
    assert verdict.lost(HELD, TRUTH, TOLD) == set()
    assert verdict.applied_twice(HELD) == set()
    assert verdict.foreign(HELD, TRUTH) == set()


@pytest.mark.parametrize(
    "resources",
    [{}, {"/orders/1": ("cancelled", THEN)}, {"/orders/1": ("paid", THEN - timedelta(milliseconds=1))}],
    ids=["absent", "another state", "an older version"],
)
def test_an_acknowledged_order_that_is_not_as_it_should_be_is_lost(resources: dict[str, verdict.State]) -> None:
    held = {**HELD, OURS: replace(HELD[OURS], resources=resources)}
    assert verdict.missing(held, TRUTH) == {"/orders/1"}
    assert verdict.lost(held, TRUTH, TOLD) == {"/orders/1"}


def test_what_never_got_a_200_is_missing_and_not_lost() -> None:
    held = {**HELD, OURS: Held({}, {}, {})}
    told = replace(TOLD, acknowledged=frozenset({"b"}))
    assert verdict.missing(held, TRUTH) == {"/orders/1"}
    assert verdict.lost(held, TRUTH, told) == set()


def test_a_notification_that_is_not_stored_is_lost_even_where_its_order_is_here() -> None:
    held = {**HELD, OURS: replace(HELD[OURS], notifications={})}
    assert verdict.lost(held, TRUTH, TOLD) == {"notification a"}


def test_an_order_of_which_only_a_later_version_was_dropped_must_be_here_in_some_version() -> None:
    told = replace(TOLD, announced={**TOLD.announced, "c": "/orders/1"})
    older = {**HELD, OURS: replace(HELD[OURS], resources={"/orders/1": ("confirmed", THEN)})}
    assert verdict.lost(older, TRUTH, told) == set()
    absent = {**HELD, OURS: replace(HELD[OURS], resources={})}
    assert verdict.lost(absent, TRUTH, told) == {"/orders/1"}


def test_two_effects_of_one_version_are_seen_in_one_tenant_and_over_two() -> None:
    twice = {**HELD, OURS: replace(HELD[OURS], effects={("/orders/1", "v1"): 2, ("/orders/1", "v2"): 1})}
    assert verdict.applied_twice(twice) == {"/orders/1 v1"}
    shared = {**HELD, THEIRS: replace(HELD[THEIRS], effects={("/orders/1", "v1"): 1})}
    assert verdict.applied_twice(shared) == {"/orders/1 v1"}


@pytest.mark.parametrize(
    "strange",
    [
        {"resources": {"/orders/1": PAID}},
        {"notifications": {"a": ("/orders/1", "received")}},
        {"effects": {("/orders/1", "v1"): 1}},
        {"resources": {"/orders/3": PAID}},
    ],
    ids=["row", "notification", "effect", "nobody's"],
)
def test_what_belongs_to_another_is_foreign(strange: dict[str, object]) -> None:
    held = {**HELD, THEIRS: Held(**{"resources": {}, "notifications": {}, "effects": {}, **strange})}  # type: ignore[arg-type]
    assert len(verdict.foreign(held, TRUTH)) == 1
