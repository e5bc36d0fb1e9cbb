"""Orders and packs: the document, the search by hours, the limits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator.clock import HOUR, PRINTED_OFFSET, parse_hour, parse_moment

from .conftest import Bench

pytestmark = pytest.mark.anyio


async def _search(bench: Bench, headers: dict[str, str], user_id: int, **query: object) -> dict[str, Any]:
    params = {"seller": str(user_id)} | {name.replace("__", "."): str(value) for name, value in query.items()}
    response = await bench.http.get("/orders/search", headers=headers, params=params)
    assert response.status_code == 200, response.text
    return dict(response.json())


async def test_the_document_has_its_whole_shape(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    made = await bench.control("orders", seller_id=user_id, quantity=2, unit_price_cents=4_990)
    order = (await bench.http.get(f"/orders/{made['order_id']}", headers=headers)).json()
    assert order == made["order"]
    assert (order["status"], order["total_amount"], order["paid_amount"]) == ("paid", 99.8, 99.8)
    assert order["id"] > 1 << 32 and order["pack_id"] > 1 << 32
    assert order["date_created"].endswith("-04:00") and order["last_updated"].endswith("-04:00")
    assert order["date_last_updated"].endswith("Z")
    (line,) = order["order_items"]
    assert line["item"]["id"] in bench.sim.world.catalogues[user_id]
    fee = {"gold_special": 5.99, "gold_pro": 8.48}[line["listing_type_id"]]
    assert (line["quantity"], line["unit_price"], line["sale_fee"]) == (2, 49.9, fee)
    (payment,) = order["payments"]
    assert payment["marketplace_fee"] == pytest.approx(line["sale_fee"] * 2)
    assert (payment["status"], payment["transaction_amount"]) == ("approved", 99.8)
    assert order["tags"] == ["pack_order", "paid", "not_delivered"]
    assert set(order) >= {"shipping", "buyer", "seller", "context", "feedback", "mediations", "taxes", "cancel_detail"}


async def test_an_unpaid_order_has_no_fee_payment_or_shipment(bench: Bench) -> None:
    user_id, _ = await bench.connect()
    order = (await bench.control("orders", seller_id=user_id, status="payment_required"))["order"]
    assert (order["order_items"][0]["sale_fee"], order["payments"], order["shipping"]["id"]) == (None, [], None)
    assert (order["paid_amount"], "not_paid" in order["tags"]) == (0.0, True)


async def test_search_pages_through_everything_by_date_closed(bench: Bench) -> None:
    user_id, headers = await bench.connect(items=20, orders=130)
    pages = [await _search(bench, headers, user_id, offset=offset) for offset in (0, 50, 100)]
    orders = [order for page in pages for order in page["results"]]
    closed = [parse_moment(order["date_closed"]) for order in orders]
    assert closed == sorted(closed)
    assert pages[0]["paging"] == {"total": 130, "offset": 0, "limit": 50}
    truth = (await bench.http.get(f"/_sim/sellers/{user_id}/truth", params={"ids": "1"})).json()
    assert sorted(order["id"] for order in orders) == truth["orders"]["ids"]
    newest = await _search(bench, headers, user_id, sort="date_desc", limit=1)
    assert newest["results"][0]["id"] == orders[-1]["id"]


async def test_search_filters_by_status_and_dates(bench: Bench) -> None:
    user_id, headers = await bench.connect(items=20, orders=300)
    truth = (await bench.http.get(f"/_sim/sellers/{user_id}/truth")).json()["orders"]["by_status"]
    both = await _search(bench, headers, user_id, order__status="cancelled,partially_refunded")
    assert both["paging"]["total"] == truth["cancelled"]["count"] + truth["partially_refunded"]["count"]
    since = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=20)
    for date in ("date_created", "date_closed", "date_last_updated"):
        found = await _search(bench, headers, user_id, **{f"order__{date}__from": since.isoformat()})
        expected = [o for o in bench.sim.world.orders.values() if getattr(o, date) >= since.timestamp() * 1000]
        assert found["paging"]["total"] == len(expected) > 0
    ignored = await _search(bench, headers, user_id, order__last_updated__from=since.isoformat())
    assert ignored["paging"]["total"] == 300


async def test_date_bounds_lose_their_minutes(bench: Bench) -> None:
    await bench.control("clock", set="2027-03-10T15:40:00Z")
    user_id, headers = await bench.connect()
    await bench.control("orders", seller_id=user_id)
    late = "2027-03-10T11:59:59.000-04:00"
    assert (await _search(bench, headers, user_id, order__date_created__from=late))["paging"]["total"] == 1
    assert (await _search(bench, headers, user_id, order__date_created__to=late))["paging"]["total"] == 0
    following = "2027-03-10T16:00:00Z"
    assert (await _search(bench, headers, user_id, order__date_created__to=following))["paging"]["total"] == 1


def test_an_hour_is_cut_in_the_offset_it_is_written_in() -> None:
    moment = datetime(2026, 11, 1, 10, 59, 59, tzinfo=PRINTED_OFFSET)
    assert parse_hour(moment.isoformat()) == round(moment.timestamp()) // 3600 * HOUR


@pytest.mark.parametrize(
    ("query", "status", "error"),
    [
        ({"limit": "52"}, 400, "limit.maximum_exceeded"),
        ({"offset": "10001"}, 400, "limit.maximum_exceeded"),
        ({"sort": "price"}, 400, "invalid_sort"),
        ({"order.date_created.from": "2026-11-01T00:00:00"}, 400, "invalid_date"),
        ({"order.date_created.from": "yesterday"}, 400, "invalid_date"),
        ({"seller": ""}, 400, "invalid_query"),
        ({"seller": "1"}, 403, "caller.id.invalid"),
    ],
)
async def test_search_refuses(bench: Bench, query: dict[str, str], status: int, error: str) -> None:
    user_id, headers = await bench.connect()
    answer = await bench.http.get("/orders/search", headers=headers, params={"seller": str(user_id)} | query)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_limit_fifty_one_passes(bench: Bench) -> None:
    user_id, headers = await bench.connect(orders=60)
    assert len((await _search(bench, headers, user_id, limit=51))["results"]) == 51


async def test_search_looks_twelve_months_back(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    order_id = (await bench.control("orders", seller_id=user_id))["order_id"]
    assert (await _search(bench, headers, user_id))["paging"]["total"] == 1
    # Nobody calls for a year, so the grant has died too and the seller consents again.
    await bench.control("clock", advance_seconds=366 * 86_400)
    headers = {"authorization": f"Bearer {(await bench.grant(user_id))['access_token']}"}
    assert (await _search(bench, headers, user_id))["paging"]["total"] == 0
    assert (await bench.http.get(f"/orders/{order_id}", headers=headers)).status_code == 200


async def test_reading_one_order_refuses(bench: Bench) -> None:
    _, headers = await bench.connect()
    other = await bench.seller()
    theirs = (await bench.control("orders", seller_id=other))["order"]
    expected = {
        f"/orders/{theirs['id']}": (403, "not_owned_order"),
        f"/packs/{theirs['pack_id']}": (403, "not_owned_order"),
        "/orders/2000": (404, "order_not_found"),
        "/orders/latest": (400, "invalid_order_id"),
        "/packs/2000": (404, "pack_not_found"),
    }
    for path, (status, error) in expected.items():
        answer = await bench.http.get(path, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (status, error), path


async def test_packs_group_orders_and_stand_in_for_none(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    first = (await bench.control("orders", seller_id=user_id))["order"]
    second = (await bench.control("orders", seller_id=user_id, pack_id=first["pack_id"]))["order"]
    pack = (await bench.http.get(f"/packs/{first['pack_id']}", headers=headers)).json()
    assert [one["id"] for one in pack["orders"]] == [first["id"], second["id"]]
    assert (pack["status"], pack["shipment"]["id"]) == ("released", first["shipping"]["id"])
    alone = (await bench.control("orders", seller_id=user_id, pack_id=None))["order"]
    assert alone["pack_id"] is None and "pack_order" not in alone["tags"]
    stand_in = (await bench.http.get(f"/packs/{alone['id']}", headers=headers)).json()
    assert [one["id"] for one in stand_in["orders"]] == [alone["id"]]


async def test_a_partial_order_says_what_is_missing(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    order_id = (await bench.control("orders", seller_id=user_id))["order_id"]
    await bench.control("chaos", partial_orders=True)
    answer = await bench.http.get(f"/orders/{order_id}", headers=headers)
    assert answer.status_code == 206
    missing = answer.headers["x-content-missing"].split(", ")
    assert "buyer" in missing and not set(missing) & set(answer.json())


async def test_an_order_lives_on(bench: Bench) -> None:
    user_id, _ = await bench.connect()
    order = (await bench.control("orders", seller_id=user_id, status="confirmed"))["order"]
    path = f"orders/{order['id']}"
    paid = (await bench.control(path, action="pay"))["order"]
    assert (paid["status"], paid["payments"][0]["status"]) == ("paid", "approved")
    assert paid["date_last_updated"] > order["date_last_updated"]
    touched = (await bench.control(path, action="touch"))["order"]
    assert touched["last_updated"] == paid["last_updated"]
    assert touched["date_last_updated"] > paid["date_last_updated"]
    assert (await bench.control(path, action="ship"))["order"]["shipping"]["id"]
    assert "fraud_risk_detected" in (await bench.control(path, action="fraud"))["order"]["tags"]
    refunded = (await bench.control(path, action="refund", amount_cents=100))["order"]
    assert (refunded["status"], refunded["payments"][0]["transaction_amount_refunded"]) == ("partially_refunded", 1.0)
    cancelled = (await bench.control(path, action="cancel", by="seller"))["order"]
    assert (cancelled["status"], cancelled["cancel_detail"]["group"]) == ("cancelled", "seller")
    assert cancelled["payments"][0]["status"] == "refunded"
    again = await bench.http.post(f"/_sim/{path}", json={"action": "pay"})
    assert (again.status_code, again.json()["error"]) == (409, "invalid_transition")
    changed = (await bench.control(path, status="paid", quantity=3, tags=["b2b"]))["order"]
    assert (changed["status"], changed["order_items"][0]["quantity"], changed["tags"][-1]) == ("paid", 3, "b2b")


async def test_an_order_can_be_announced_before_it_can_be_read(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    await bench.control("chaos", read_after_notify_ms=60_000)
    order_id = (await bench.control("orders", seller_id=user_id))["order_id"]
    await bench.quiet()
    assert any(one["resource"] == f"/orders/{order_id}" for one in bench.receiver.bodies)
    hidden = await bench.http.get(f"/orders/{order_id}", headers=headers)
    assert (hidden.status_code, hidden.json()["error"]) == (404, "order_not_found")
    assert (await _search(bench, headers, user_id))["paging"]["total"] == 0
    await bench.control("clock", advance_seconds=61)
    assert (await bench.http.get(f"/orders/{order_id}", headers=headers)).status_code == 200
    assert (await _search(bench, headers, user_id))["paging"]["total"] == 1
