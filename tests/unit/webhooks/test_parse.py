"""Notifications: whatever is posted becomes a notification or a filed refusal, never an exception."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from painelml.core.queues import Message
from painelml.webhooks.parse import Expected, Notification, Rejection, judge

EXPECTED = Expected("token", 4929174000000000)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "_id": values,
        "id": values,
        "user_id": values | st.just(1482301177),
        "topic": values | st.sampled_from(["orders_v2", "items", "claims"]),
        "resource": values | st.sampled_from(["/orders/1", "orders/1", "/items/MLB1"]),
        "application_id": values | st.just(4929174000000000),
        "attempts": values,
        "sent": values,
    },
)


def message(body: str, token: str = "token") -> Message:
    return Message(id="1", body=body, attributes={"path_token": token}, group=None, receives=1)


@given(body=st.text() | bodies.map(json.dumps))
def test_any_body_is_judged(body: str) -> None:
    verdict = judge(message(body), EXPECTED)
    if isinstance(verdict, Rejection):
        assert len(verdict.excerpt) <= 500
        assert "\x00" not in verdict.excerpt + json.dumps(json.loads(verdict.excerpt)["sha256"])
    else:
        assert isinstance(verdict, Notification)
        assert verdict.seller_id > 0 or verdict.seller_id == 0
        assert verdict.resource.isascii()
        assert 0 < len(verdict.key) <= 200


@given(token=st.text())
def test_only_the_exact_token_opens(token: str) -> None:
    body: dict[str, Any] = {"topic": "x", "resource": "r", "user_id": 1, "application_id": 4929174000000000}
    verdict = judge(message(json.dumps(body), token), EXPECTED)
    assert isinstance(verdict, Notification) == (token == "token")


def test_without_an_id_repeats_have_one_key_and_others_another() -> None:
    body: dict[str, Any] = {"topic": "orders_v2", "resource": "/orders/1", "user_id": 1, "application_id": 4929174000000000}
    keys = [
        judge(message(json.dumps({**body, **more})), EXPECTED).key  # type: ignore[union-attr]
        for more in (
            {"sent": "a", "attempts": 1},
            {"sent": "a", "attempts": 2},
            {"sent": "b"},
            {"resource": "orders/1", "sent": "a"},
        )
    ]
    assert keys[0] == keys[1] == keys[3] != keys[2]
