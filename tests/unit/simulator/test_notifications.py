"""The webhook sender by Mercado Livre's documentation of notifications, and the switches that bend it."""

import asyncio
from typing import Any

import pytest

from simulator.notifications import RETRY_WAITS

from .conftest import CLIENT_ID, HOOK, Bench, bearer

pytestmark = pytest.mark.anyio


async def _announced(bench: Bench, **switches: Any) -> tuple[int, list[dict[str, Any]]]:
    """One announcement of one resource under the switches; the seller and what the receiver got."""
    user_id, _ = await bench.connect()
    if switches:
        await bench.control("chaos", **switches)
    await bench.control("notify", seller_id=user_id, topic="orders_v2", resource="/orders/1")
    await bench.quiet()
    return user_id, bench.receiver.bodies


async def test_a_notification_is_a_pointer(bench: Bench) -> None:
    user_id, (body,) = await _announced(bench)
    assert list(body) == ["_id", "resource", "user_id", "topic", "application_id", "attempts", "sent", "received"]
    assert (body["resource"], body["user_id"], body["topic"]) == ("/orders/1", user_id, "orders_v2")
    assert (body["application_id"], body["attempts"]) == (int(CLIENT_ID), 1)
    assert body["sent"].endswith("Z") and body["received"] <= body["sent"]
    assert bench.receiver.headers[0]["content-type"] == "application/json"
    (delivery,) = await bench.deliveries()
    assert (delivery["outcome"], delivery["status"], delivery["attempt"]) == ("delivered", 200, 1)
    assert delivery["notification_id"] == body["_id"] and 0 < delivery["ack_ms"] < 500


async def test_only_grants_and_subscribed_topics_hear(bench: Bench) -> None:
    stranger = await bench.seller()
    command = {"topic": "orders_v2", "resource": "/orders/1"}
    assert (await bench.control("notify", seller_id=stranger, **command))["announced"] == []
    await bench.control("chaos", notify_without_grant=True)
    assert len((await bench.control("notify", seller_id=stranger, times=3, **command))["announced"]) == 3
    other = {"topic": "questions", "resource": "/questions/1"}
    assert (await bench.control("notify", seller_id=stranger, **other))["announced"] == []
    await bench.control("chaos", send_notifications=False)
    assert (await bench.control("notify", seller_id=stranger, **command))["announced"] == []


async def test_eight_attempts_within_the_hour_then_missed_feeds(bench: Bench) -> None:
    bench.receiver.status = 503
    user_id, bodies = await _announced(bench)
    for wait in RETRY_WAITS:
        assert (await bench.http.get("/_sim/health")).json()["notifications_waiting"] == 1
        await bench.control("clock", advance_seconds=wait / 1000)
        await bench.quiet()
    assert sum(RETRY_WAITS) == 3_600_000
    assert [body["attempts"] for body in bodies] == list(range(1, 9))
    assert len({body["_id"] for body in bodies}) == 1
    assert [one["outcome"] for one in await bench.deliveries()] == ["refused"] * 8
    headers = bearer((await bench.grant(user_id))["access_token"])
    feed = await bench.http.get("/missed_feeds", headers=headers, params={"app_id": CLIENT_ID})
    (missed,) = feed.json()["messages"]
    assert (missed["_id"], missed["attempts"], missed["resource"]) == (bodies[0]["_id"], 8, "/orders/1")
    assert (missed["request"]["url"], missed["response"]["http_code"]) == (HOOK, 503)
    await bench.control("clock", advance_seconds=2 * 86_400 + 1)
    headers = bearer((await bench.grant(user_id))["access_token"])
    feed = await bench.http.get("/missed_feeds", headers=headers, params={"app_id": CLIENT_ID})
    assert feed.json() == {"messages": []}


async def test_missed_feeds_rules(bench: Bench) -> None:
    bench.receiver.status = 500
    user_id, headers = await bench.connect()
    await bench.control("chaos", retry_scale=0)
    for topic, resource in (("orders_v2", "/orders/1"), ("items", "/items/MLB1")):
        await bench.control("notify", seller_id=user_id, topic=topic, resource=resource, times=12)
    await bench.until(lambda: len(bench.sim.world.missed) == 24)

    async def feed(**query: str) -> Any:
        return await bench.http.get("/missed_feeds", headers=headers, params={"app_id": CLIENT_ID} | query)

    assert len((await feed()).json()["messages"]) == 10
    assert len((await feed(topic="orders_v2", offset="10")).json()["messages"]) == 2
    assert (await feed(topic="items")).status_code == 400
    assert len((await feed(topic="items", site_id="MLB", limit="50")).json()["messages"]) == 12
    assert (await feed(topic="items", site_id="MLA")).json()["messages"] == []
    assert (await feed(app_id="9")).status_code == 403
    assert (await bench.http.get("/missed_feeds", params={"app_id": CLIENT_ID})).status_code == 401


async def test_only_200_succeeds_and_later_attempts_do(bench: Bench) -> None:
    bench.receiver.status = 202
    _, bodies = await _announced(bench)
    assert [one["outcome"] for one in await bench.deliveries()] == ["refused"]
    bench.receiver.status = 200
    await bench.control("clock", advance_seconds=60)
    await bench.quiet()
    assert [one["outcome"] for one in await bench.deliveries()] == ["refused", "delivered"]
    assert bench.sim.outbox.waiting == 0 and len(bodies) == 2


async def test_a_slow_answer_is_none(bench: Bench) -> None:
    bench.receiver.hold.clear()
    _, bodies = await _announced(bench, deadline_ms=20)
    (delivery,) = await bench.deliveries()
    assert (delivery["outcome"], delivery["status"]) == ("timeout", None)
    assert delivery["ack_ms"] >= 20 and len(bodies) == 1


async def test_a_slow_receiver_does_not_hold_the_api(bench: Bench) -> None:
    bench.receiver.hold.clear()
    user_id, headers = await bench.connect()
    await bench.control("notify", seller_id=user_id, topic="orders_v2", resource="/orders/1", times=200)
    await bench.until(lambda: len(bench.receiver.bodies) == 64)
    assert (await bench.http.get("/users/me", headers=headers)).status_code == 200
    assert len(bench.receiver.bodies) == 64
    bench.receiver.hold.set()
    await bench.quiet()
    assert (await bench.http.get("/_sim/deliveries", params={"outcome": "delivered"})).json()["total"] == 200


async def test_a_failing_topic_is_disabled_only_by_its_switch(bench: Bench) -> None:
    bench.receiver.status = 500
    user_id, _ = await _announced(bench, topic_disable_after=3, retry_scale=0)
    app = bench.sim.world.apps[CLIENT_ID]
    await bench.until(lambda: app.disabled_topics == ["orders_v2"])
    await bench.until(lambda: bench.sim.outbox.waiting == 0)
    command = {"seller_id": user_id, "topic": "orders_v2", "resource": "/orders/2"}
    assert (await bench.control("notify", **command))["announced"] == []
    assert bench.sim.world.missed == {}
    await bench.register(topics=["orders_v2"])
    assert len((await bench.control("notify", **command))["announced"]) == 1


async def test_the_body_bends(bench: Bench) -> None:
    user_id, (body,) = await _announced(bench, plain_id=True, string_user_id=True, missing_slash=True)
    assert "_id" not in body and body["id"]
    assert (body["user_id"], body["resource"]) == (str(user_id), "orders/1")


async def test_duplicates_share_an_id_and_no_ops_do_not(bench: Bench) -> None:
    _, bodies = await _announced(bench, duplicates=2)
    assert len(bodies) == 3 and len({body["_id"] for body in bodies}) == 1
    bodies.clear()
    await bench.control("chaos", reset=True, noop=1)
    user_id = next(iter(bench.sim.world.sellers))
    await bench.control("notify", seller_id=user_id, topic="orders_v2", resource="/orders/1")
    await bench.quiet()
    assert len(bodies) == 2 and len({body["_id"] for body in bodies}) == 2


async def test_unknown_topics_and_drops(bench: Bench) -> None:
    user_id, bodies = await _announced(bench, unknown_topic=1)
    assert {body["topic"] for body in bodies} == {"orders_v2", "marketplace_novelties"}
    bodies.clear()
    await bench.control("chaos", reset=True, drop=1)
    dropped = await bench.control("notify", seller_id=user_id, topic="orders_v2", resource="/orders/9")
    await bench.quiet()
    assert dropped["announced"] == bodies == []
    assert [one["outcome"] for one in await bench.deliveries(order_id=9)] == ["dropped"]


async def test_delay_and_reorder(bench: Bench) -> None:
    user_id, bodies = await _announced(bench, delay_ms=30_000, reorder=1, reorder_window_ms=10_000)
    for number in range(2, 12):
        await bench.control("notify", seller_id=user_id, topic="orders_v2", resource=f"/orders/{number}")
    await bench.quiet()
    assert bodies == []
    await bench.control("clock", advance_seconds=41)
    await bench.quiet()
    numbers = [int(body["resource"].rpartition("/")[2]) for body in bodies]
    assert sorted(numbers) == list(range(1, 12)) != numbers


async def test_forged_posts_go_out_as_they_are(bench: Bench) -> None:
    result = await bench.control(
        "forge",
        body={"resource": "/orders/1", "user_id": 1, "topic": "orders_v2"},
        headers={"x-forwarded-for": "6.6.6.6"},
    )
    assert (result["outcome"], result["status"]) == ("forged_delivered", 200)
    assert bench.receiver.bodies == [{"resource": "/orders/1", "user_id": 1, "topic": "orders_v2"}]
    assert bench.receiver.headers[0]["x-forwarded-for"] == "6.6.6.6"


async def test_a_storm_is_announced_whole_and_is_bounded(bench: Bench) -> None:
    first, _ = await bench.connect()
    second, _ = await bench.connect()
    result = await bench.control("storm", seller_ids=[first, second], orders_each=40)
    assert (result["count"], result["announced"]) == (80, 80)
    await bench.quiet()
    expected = {f"/orders/{one}" for ids in result["order_ids"].values() for one in ids}
    assert {body["resource"] for body in bench.receiver.bodies} == expected and len(expected) == 80
    assert (await bench.http.post("/_sim/storm", json={"orders_each": 20_000})).status_code == 400
    spread = await bench.control("storm", seller_ids=[first], orders_each=10, over_seconds=100)
    await bench.control("clock", advance_seconds=45)
    await bench.quiet()
    assert len(bench.receiver.bodies) == 80 + 5 and spread["announced"] == 10


async def test_a_sale_announces_order_and_item(bench: Bench) -> None:
    user_id, _ = await bench.connect()
    item_id = bench.sim.world.catalogues[user_id][0]
    await bench.control(f"items/{item_id}", available_quantity=2, status="active")
    await bench.quiet()
    bench.receiver.bodies.clear()
    made = await bench.control("orders", seller_id=user_id, item_id=item_id, quantity=2)
    await bench.quiet()
    resources = {body["resource"] for body in bench.receiver.bodies}
    assert resources == {f"/orders/{made['order_id']}", f"/items/{item_id}"}
    item = bench.sim.world.items[item_id]
    assert (item.available_quantity, item.status, item.sub_status) == (0, "paused", ["out_of_stock"])
    assert len(await bench.deliveries(order_id=made["order_id"])) == 1
    assert len(await bench.deliveries(seller_id=user_id, limit=1)) == 1


async def test_double_announcements_can_run_at_once(bench: Bench) -> None:
    user_id, _ = await bench.connect()
    await asyncio.gather(
        *(bench.control("notify", seller_id=user_id, topic="orders_v2", resource="/orders/5") for _ in range(20))
    )
    await bench.quiet()
    assert len(bench.receiver.bodies) == len({body["_id"] for body in bench.receiver.bodies}) == 20
