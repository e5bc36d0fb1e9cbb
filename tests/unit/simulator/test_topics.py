"""What is announced when, and how a notification can look: payments, feedback, slow networks, odd bodies."""

import asyncio
from typing import Any

import pytest

from .conftest import CLIENT_ID, HOOK, Bench

pytestmark = pytest.mark.anyio

HOSTED = {"x-new-domain": "true"}


async def _told(bench: Bench) -> list[tuple[str, str]]:
    await bench.quiet()
    told = [(one["topic"], one["resource"]) for one in bench.receiver.bodies]
    bench.receiver.bodies.clear()
    return told


async def test_payments_are_announced_and_read(bench: Bench) -> None:
    await bench.http.put("/_sim/app", json={"client_id": CLIENT_ID, "topics": ["payments"]})
    user_id, headers = await bench.connect()
    order = (await bench.control("orders", seller_id=user_id, status="payment_required", unit_price_cents=10_000))["order"]
    record = bench.sim.world.orders[order["id"]]
    resource = f"/collections/{record.payment_id}"
    assert (await bench.http.get(resource, headers=headers)).status_code == 404
    await bench.control(f"orders/{order['id']}", action="pay")
    assert await _told(bench) == [("payments", resource)]
    payment = (await bench.http.get(resource, headers=headers)).json()
    assert (payment["status"], payment["transaction_amount"], payment["order_id"]) == (
        "approved",
        record.total / 100,
        str(record.id),
    )
    assert payment["net_received_amount"] == pytest.approx((record.total - record.sale_fee * record.quantity) / 100)
    await bench.control(f"orders/{order['id']}", action="refund", amount_cents=2_500)
    assert (await bench.http.get(resource, headers=headers)).json()["amount_refunded"] == 25.0
    await bench.control(f"orders/{order['id']}", action="cancel", by="seller")
    assert (await bench.http.get(resource, headers=headers)).json()["status"] == "refunded"
    assert await _told(bench) == [("payments", resource)] * 2
    _, strange = await bench.connect()
    assert (await bench.http.get(resource, headers=strange)).status_code == 403


async def test_an_account_money_refund_leaves_the_order_paid(bench: Bench) -> None:
    await bench.control("chaos", account_money_refunds=True)
    user_id, headers = await bench.connect()
    made = (await bench.control("orders", seller_id=user_id))["order"]
    order = (await bench.control(f"orders/{made['id']}", action="cancel", by="buyer"))["order"]
    assert (order["status"], "unfulfilled" in order["tags"], "paid" in order["tags"]) == ("paid", True, True)
    assert (order["payments"][0]["status"], order["cancel_detail"]["group"]) == ("refunded", "buyer")
    assert order["payments"][0]["transaction_amount_refunded"] == order["total_amount"]
    again = await bench.http.post(f"/_sim/orders/{made['id']}", json={"action": "cancel"})
    assert again.status_code == 409
    shipment = await bench.http.get(f"/shipments/{made['shipping']['id']}", headers=headers | {"x-format-new": "true"})
    assert shipment.json()["status"] == "cancelled"


async def test_a_cancellation_may_be_pending_first(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    made = (await bench.control("orders", seller_id=user_id))["order"]
    assert (await bench.control(f"orders/{made['id']}", action="ask_cancel"))["order"]["status"] == "pending_cancel"
    assert (await bench.http.get(f"/packs/{made['pack_id']}", headers=headers)).json()["status"] == "pending_cancel"
    await bench.control("chaos", print_status_detail=True)
    order = (await bench.control(f"orders/{made['id']}", action="cancel", by="fraud"))["order"]
    assert (order["status"], order["cancel_detail"]["group"], order["status_detail"]["code"]) == ("cancelled", "fraud", "fraud")


async def test_feedback_has_a_resource_a_topic_and_filters(bench: Bench) -> None:
    await bench.http.put("/_sim/app", json={"client_id": CLIENT_ID, "topics": ["orders_feedback"]})
    user_id, headers = await bench.connect()
    order_id = (await bench.control("orders", seller_id=user_id))["order_id"]
    await bench.control("orders", seller_id=user_id)
    await bench.control(f"orders/{order_id}", action="feedback", by="buyer", rating="negative", message="Veio errado")
    assert await _told(bench) == [("orders_feedback", f"/orders/{order_id}/feedback")]
    written = (await bench.http.get(f"/orders/{order_id}/feedback", headers=headers)).json()
    assert (written["sale"], written["purchase"]["rating"]) == (None, "negative")
    query = {"seller": str(user_id), "feedback.purchase.rating": "negative"}
    found = (await bench.http.get("/orders/search", headers=headers, params=query)).json()
    assert [one["id"] for one in found["results"]] == [order_id] and found["filters"][1]["id"] == "feedback.purchase.rating"


async def test_search_filters_by_buyer_and_scans(bench: Bench) -> None:
    user_id, headers = await bench.connect(items=5, orders=120)
    buyer = next(iter(bench.sim.world.orders.values())).buyer_id
    query = {"seller": str(user_id)}
    found = (await bench.http.get("/orders/search", headers=headers, params=query | {"buyer": str(buyer)})).json()
    assert {one["buyer"]["id"] for one in found["results"]} == {buyer}
    scan, seen = query | {"search_type": "scan", "limit": "50"}, []
    while True:
        page = (await bench.http.get("/orders/search", headers=headers, params=scan)).json()
        seen += [one["id"] for one in page["results"]]
        if page["paging"]["scroll_id"] is None:
            break
        scan = scan | {"scroll_id": page["paging"]["scroll_id"]}
    assert sorted(seen) == sorted(bench.sim.world.orders)
    await bench.control("chaos", hide_cancelled_orders=True, last_updated_filter=True)
    shown = (await bench.http.get("/orders/search", headers=headers, params=query)).json()["paging"]["total"]
    assert shown == sum(one.status != "cancelled" for one in bench.sim.world.orders.values()) < 120
    late = query | {"order.last_updated.from": "2100-01-01T00:00:00Z"}
    assert (await bench.http.get("/orders/search", headers=headers, params=late)).json()["paging"]["total"] == 0


async def test_a_search_shows_a_change_at_once(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    order_id = (await bench.control("orders", seller_id=user_id))["order_id"]

    async def read() -> tuple[Any, Any]:
        found = (await bench.http.get("/orders/search", headers=headers, params={"seller": str(user_id)})).json()
        return found["results"][0], (await bench.http.get(f"/orders/{order_id}", headers=headers)).json()

    before, alone = await read()
    assert before == alone
    await bench.control(f"orders/{order_id}", action="cancel")
    after, alone = await read()
    assert after == alone and after["status"] == "cancelled"
    item_id = after["order_items"][0]["item"]["id"]
    await bench.control(f"items/{item_id}", status="active", available_quantity=5)
    await bench.http.put(f"/items/{item_id}", headers=headers, json={"seller_custom_field": "NEW-1"})
    after, alone = await read()
    assert after == alone and after["order_items"][0]["item"]["seller_sku"] == "NEW-1"
    await bench.control("chaos", mixed_timestamps=True)
    mixed, alone = await read()
    dates = [mixed[name] for name in ("date_created", "date_closed", "last_updated")]
    assert mixed == alone and len({date[-6:] for date in dates}) > 1


async def test_discounts_are_missing_or_listed(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    plain = (await bench.control("orders", seller_id=user_id))["order_id"]
    cheap = (await bench.control("orders", seller_id=user_id, discount_cents=500))["order"]
    assert (await bench.http.get(f"/orders/{plain}/discounts", headers=headers)).status_code == 404
    detail = (await bench.http.get(f"/orders/{cheap['id']}/discounts", headers=headers)).json()["details"][0]
    assert detail["items"][0]["amounts"]["total"] == 5.0 and "order_has_discount" in cheap["tags"]
    await bench.control("chaos", discounts_404=False)
    assert (await bench.http.get(f"/orders/{plain}/discounts", headers=headers)).json()["details"] == []
    assert (await bench.http.get(f"/orders/{plain}/product", headers=headers)).json()["user_product_id"]


@pytest.mark.parametrize(("latency", "outcome"), [(30, "delivered"), (90, "timeout")])
async def test_the_network_counts_against_the_deadline(bench: Bench, latency: int, outcome: str) -> None:
    await bench.control("chaos", deadline_ms=60, delivery_latency_ms=latency)
    user_id, _ = await bench.connect()
    await bench.control("notify", seller_id=user_id, topic="items", resource="/items/MLB1")
    async with asyncio.timeout(5):
        while not (seen := await bench.deliveries(topic="items")):
            await asyncio.sleep(0.005)
    assert seen[0]["outcome"] == outcome


async def test_odd_bodies(bench: Bench) -> None:
    user_id, _ = await bench.connect()
    await bench.control("chaos", no_id=True, bare_id=True, sent_before_received=True)
    await bench.control("notify", seller_id=user_id, topic="orders_v2", resource="/orders/5")
    await bench.quiet()
    (body,) = bench.receiver.bodies
    assert "_id" not in body and "id" not in body and body["resource"] == "5" and body["sent"] < body["received"]
    await bench.control("chaos", reset=True)
    bench.receiver.bodies.clear()
    await bench.http.put("/_sim/app", json={"client_id": CLIENT_ID, "topics": ["public_offers"]})
    await bench.control("notify", seller_id=user_id, topic="public_offers", resource="/seller-promotions/offers/X")
    await bench.quiet()
    assert "recieved" in bench.receiver.bodies[0]


async def test_attempts_may_change_their_id_and_any_2xx_may_do(bench: Bench) -> None:
    bench.receiver.status = 202
    user_id, _ = await bench.connect()
    await bench.control("chaos", new_id_per_attempt=True, retry_scale=0)
    await bench.control("notify", seller_id=user_id, topic="items", resource="/items/MLB1")
    await bench.until(lambda: len(bench.receiver.bodies) == 8)
    assert len({one["_id"] for one in bench.receiver.bodies}) == 8
    await bench.control("chaos", accept_any_2xx=True)
    await bench.control("notify", seller_id=user_id, topic="items", resource="/items/MLB2")
    await bench.quiet()
    assert (await bench.deliveries(topic="items"))[-1]["outcome"] == "delivered"


async def test_forgery_comes_from_a_loopback_address_only(bench: Bench) -> None:
    refused = await bench.http.post("/_sim/forge", json={"body": {}, "url": HOOK, "from_address": "8.8.8.8"})
    assert refused.status_code == 400


async def test_truth_names_every_record_and_stamp(bench: Bench) -> None:
    user_id, headers = await bench.connect(items=6, orders=40)
    truth = (await bench.http.get(f"/_sim/sellers/{user_id}/truth", params={"ids": "1"})).json()
    assert truth["shipments"]["total"] == len(truth["shipments"]["by_id"]) == sum(truth["shipments"]["by_status"].values())
    for shipping_id, known in list(truth["shipments"]["by_id"].items())[:10]:
        read = await bench.http.get(f"/shipments/{shipping_id}", headers=headers | {"x-format-new": "true"})
        assert (read.json()["status"], read.json()["substatus"]) == (known["status"], known["substatus"])
    for payment_id, known in truth["payments"]["by_id"].items():
        read = await bench.http.get(f"/collections/{payment_id}", headers=headers)
        assert (read.json()["status"], read.json()["transaction_amount"]) == (known["status"], known["amount_cents"] / 100)
    for order_id, known in truth["orders"]["by_id"].items():
        read = (await bench.http.get(f"/orders/{order_id}", headers=headers)).json()
        assert (read["status"], read["date_last_updated"]) == (known["status"], known["date_last_updated"])
        assert read["shipping"]["id"] == known["shipping_id"] and (known["payment_id"] is None) == (not read["payments"])
    for item_id, known in truth["items"]["by_id"].items():
        read = (await bench.http.get(f"/items/{item_id}", headers=headers)).json()
        assert (read["status"], read["last_updated"]) == (known["status"], known["last_updated"])
