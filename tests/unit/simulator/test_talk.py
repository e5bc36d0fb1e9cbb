"""What the control API says of questions, messages, claims and bills as a whole: seeds, truth, storms, restarts."""

from pathlib import Path
from typing import Any

import pytest

from simulator.clock import HOUR
from simulator.seed import create_seller
from simulator.state import World
from simulator.talk_seed import furnish
from simulator.talk_truth import talk_truth

from .conftest import CLIENT_ID, Bench

pytestmark = pytest.mark.anyio

COUNTS = {"questions": 40, "messages": 30, "claims": 10, "billing_periods": 3}
KINDS = ("questions", "messages", "claims", "returns", "billing")


def _furnished(state_dir: Path | None = None, seed: int = 7, moment: int | None = None) -> tuple[World, int]:
    world = World(seed, state_dir)
    if moment is not None:
        world.clock.set(moment)
    seller = create_seller(world, items=10, orders=120, days=60)
    furnish(world, seller, COUNTS, 60)
    return world, seller.id


def test_the_same_seed_makes_the_same_talk() -> None:
    moment = World().clock.now_ms() // HOUR * HOUR + HOUR // 2
    (one, seller), (same, _), (other, _) = _furnished(moment=moment), _furnished(moment=moment), _furnished(seed=8)
    truths = [talk_truth(world, next(iter(world.sellers)), with_ids=True) for world in (one, same, other)]
    assert truths[0] == truths[1] != truths[2]
    assert [truths[0][kind]["total"] for kind in ("questions", "messages", "claims")] == [40, 30, 10]
    assert len(truths[0]["billing"]["periods"]) == 3
    now = one.clock.now_ms()
    assert all(claim.date_created <= claim.last_updated <= now for claim in one.desk.seller_claims(seller))
    assert all(message.created <= now for message in one.desk.seller_messages(seller))


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    world, seller_id = _furnished(tmp_path)
    before = talk_truth(world, seller_id, with_ids=True)
    pack = world.desk.seller_messages(seller_id)[0].pack_id
    thread = world.desk.thread(pack)
    bill = world.books.bill_number(world, world.books.entries[seller_id][0])
    world.desk.save_conversation(world.desk.conversation(pack, seller_id))
    world.store.close()
    again = World(7, tmp_path)
    assert talk_truth(again, seller_id, with_ids=True) == before
    assert again.desk.thread(pack) == thread and pack in again.desk.conversations
    assert again.desk.claims == world.desk.claims and again.desk.returns == world.desk.returns
    assert again.books.bill_number(again, again.books.entries[seller_id][0]) == bill
    assert again.next_number("question") > max(again.desk.questions)
    again.store.close()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("sellers", {"questions": 1}),
        ("sellers", {"items": 1, "messages": 1}),
        ("sellers", {"items": 1, "orders": 4, "claims": 3}),
        ("sellers", {"billing_periods": 13}),
        ("chaos", {"message_agent": "some"}),
        ("storm", {"kinds": {"refunds": 1}}),
        ("storm", {"kinds": {"questions": -1}}),
        ("storm", {"kinds": {"claims": 5_000}}),
        ("storm", {"kinds": {}}),
        ("questions", {"seller_id": 1}),
        ("claims", {"order_id": 1}),
        ("messages", {"seller_id": 1}),
        ("billing/charges", {"seller_id": 1}),
        ("questions/1", {"action": "ban"}),
        ("claims/1", {"action": "close"}),
        ("messages/1", {"action": "read"}),
        ("conversations/1", {}),
    ],
)
async def test_wrong_commands_are_refused(bench: Bench, path: str, body: dict[str, Any]) -> None:
    await bench.seller(items=3, orders=10)
    before = await _world(bench)
    response = await bench.http.post(f"/_sim/{path}", json=body)
    assert response.status_code in (400, 404) and set(response.json()) == {"message", "error", "status", "cause"}
    assert await _world(bench) == before


async def _world(bench: Bench) -> Any:
    return (await bench.http.get("/_sim/sellers")).json()


async def test_a_storm_mixes_kinds_and_the_truth_knows_every_id(bench: Bench) -> None:
    await bench.register(topics=["orders_v2", "items", "questions", "messages", "post_purchase"])
    first, _ = await bench.connect(orders=20)
    second, _ = await bench.connect(orders=20)
    kinds = {"orders": 6, "questions": 4, "messages": 3, "claims": 2}
    storm = await bench.control("storm", seller_ids=[first, second], kinds=kinds)
    assert (storm["count"], storm["announced"]) == (30, 30)
    assert {kind: len(ids[str(first)]) for kind, ids in storm["ids"].items()} == kinds
    assert storm["order_ids"] == storm["ids"]["orders"]
    await bench.until(lambda: len(bench.receiver.bodies) >= 30)
    for seller_id in (first, second):
        truth = (await bench.http.get(f"/_sim/sellers/{seller_id}/truth?ids=1")).json()
        for kind in ("questions", "messages", "claims", "orders"):
            assert {str(one) for one in storm["ids"][kind][str(seller_id)]} <= set(truth[kind]["by_id"])
    topics = {body["topic"] for body in bench.receiver.bodies}
    assert topics == {"orders_v2", "questions", "messages", "post_purchase"}


async def test_the_truth_has_update_stamps_of_everything(bench: Bench) -> None:
    user_id = await bench.seller(items=4, orders=60, **COUNTS)
    counts = (await bench.http.get(f"/_sim/sellers/{user_id}/truth")).json()
    truth = (await bench.http.get(f"/_sim/sellers/{user_id}/truth?ids=1")).json()
    for kind in KINDS:
        assert "by_id" not in counts[kind]
        assert len(truth[kind]["by_id"]) == truth[kind]["total"] == counts[kind]["total"] > 0
    assert all(
        "last_updated" in one for kind in ("questions", "claims", "returns", "items") for one in truth[kind]["by_id"].values()
    )
    assert all("date_last_updated" in one for one in truth["orders"]["by_id"].values())
    (seller,) = (await bench.http.get("/_sim/sellers")).json()["sellers"]
    assert (seller["questions"], seller["messages"], seller["claims"]) == (40, 30, 10)


async def test_noop_notifications_keep_their_actions(bench: Bench) -> None:
    await bench.register(topics=["messages"])
    user_id, _ = await bench.connect(orders=5)
    await bench.control("chaos", noop=1, unknown_topic=1)
    await bench.control("messages", seller_id=user_id)
    await bench.until(lambda: len(bench.receiver.bodies) == 3)
    typified = [body for body in bench.receiver.bodies if body["topic"] == "messages"]
    assert len({body["id"] for body in typified}) == 2
    assert all(body["actions"] == ["created"] and "/" not in body["resource"] for body in typified)


async def test_a_typified_notification_can_be_sent_by_hand(bench: Bench) -> None:
    await bench.register(topics=["messages"])
    user_id, _ = await bench.connect()
    await bench.control("notify", seller_id=user_id, topic="messages", resource="ab" * 16, actions=["read"])
    await bench.until(lambda: len(bench.receiver.bodies) == 1)
    (body,) = bench.receiver.bodies
    assert (body["resource"], body["actions"], body["application_id"]) == ("ab" * 16, ["read"], int(CLIENT_ID))
    (delivery,) = await bench.deliveries(resource="ab" * 16)
    assert delivery["outcome"] == "delivered"
