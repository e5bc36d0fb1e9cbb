"""Shipments: two shapes, a way that follows the clock, costs, labels, splits, and the moment before there is one."""

import io
import zipfile
from typing import Any

import httpx
import pytest

from simulator.clock import DAY, HOUR
from simulator.shipment_timeline import PLANS
from simulator.shipments import STATUSES

from .conftest import CLIENT_ID, Bench

pytestmark = pytest.mark.anyio

NEW = {"x-format-new": "true"}
HOSTED = {"x-new-domain": "true"}


async def _sold(bench: Bench, kind: str = "xd_drop_off", **order: Any) -> tuple[int, dict[str, str], dict[str, Any]]:
    """A seller's id, its headers, and an order of an item with this kind of logistics."""
    await bench.http.put("/_sim/app", json={"client_id": CLIENT_ID, "expires_in": 10**8})
    user_id, headers = await bench.connect()
    item_id = bench.sim.world.catalogues[user_id][0]
    await bench.control(f"items/{item_id}", logistic_type=kind, available_quantity=9, status="active")
    made = await bench.control("orders", seller_id=user_id, item_id=item_id, **order)
    return user_id, headers, made["order"]


async def _get(bench: Bench, path: str, headers: dict[str, str], status: int = 200) -> Any:
    response = await bench.http.get(path, headers=headers)
    assert response.status_code == status, response.text
    return response.json() if response.content else None


async def test_the_header_decides_the_shape(bench: Bench) -> None:
    _, headers, order = await _sold(bench, unit_price_cents=4_990, quantity=2)
    shipment_id = order["shipping"]["id"]
    new = await _get(bench, f"/shipments/{shipment_id}", headers | NEW)
    assert (new["id"], new["status"], new["declared_value"]) == (shipment_id, "pending", 99.8)
    assert new["logistic"] == {"mode": "me2", "type": "xd_drop_off", "direction": "forward"}
    assert set(new) >= {"origin", "destination", "lead_time", "sibling", "source", "dimensions", "tracking_number"}
    assert new["destination"]["shipping_address"]["zip_code"] and new["destination"]["receiver_phone"] is None
    old = await _get(bench, f"/shipments/{shipment_id}", headers)
    assert set(old) >= {"receiver_address", "shipping_option", "logistic_type", "mode"} and "logistic" not in old
    assert (old["logistic_type"], old["order_id"], old["status"]) == ("xd_drop_off", order["id"], new["status"])
    await bench.control("chaos", legacy_shipment_shape=False)
    assert "logistic" in await _get(bench, f"/shipments/{shipment_id}", headers)


@pytest.mark.parametrize("kind", [kind for kind in PLANS if kind not in ("custom", "not_specified")])
async def test_a_parcel_follows_the_clock_to_its_end(bench: Bench, kind: str) -> None:
    _, headers, order = await _sold(bench, kind)
    path, seen = f"/shipments/{order['shipping']['id']}", []
    for _ in range(80):
        seen.append((await _get(bench, path, headers | NEW))["status"])
        await bench.control("clock", advance_seconds=4 * HOUR // 1000)
    order_of = ["pending", "handling", "ready_to_ship", "shipped", "delivered", "not_delivered"]
    assert [order_of.index(status) for status in seen] == sorted(order_of.index(status) for status in seen)
    assert seen[-1] in ("delivered", "not_delivered")
    history = await _get(bench, f"{path}/history", headers)
    assert [step["date"] for step in history] == sorted(step["date"] for step in history)
    assert {"pending", "ready_to_ship", "shipped", seen[-1]} <= {step["status"] for step in history}
    known = dict(STATUSES)
    assert all(step["substatus"] is None or step["substatus"] in known[step["status"]] for step in history)


async def test_movement_is_announced_as_the_clock_passes_it(bench: Bench) -> None:
    await bench.http.put("/_sim/app", json={"client_id": CLIENT_ID, "topics": ["shipments"]})
    _, headers, order = await _sold(bench)
    resource = f"/shipments/{order['shipping']['id']}"
    await bench.control("clock", advance_seconds=30 * DAY // 1000)
    await bench.quiet()
    told = [body for body in bench.receiver.bodies if body["resource"] == resource]
    history = await _get(bench, f"{resource}/history", headers)
    assert len(told) == len(history) - 1 > 4 and {body["topic"] for body in told} == {"shipments"}


async def test_costs_are_the_sellers_and_items_name_their_orders(bench: Bench) -> None:
    user_id, headers, order = await _sold(bench, unit_price_cents=10_000)
    path = f"/shipments/{order['shipping']['id']}"
    costs = await _get(bench, f"{path}/costs", headers)
    (sender,) = costs["senders"]
    assert (sender["user_id"], costs["receiver"]["cost"]) == (user_id, 0.0) and 0 < sender["cost"] < costs["gross_amount"]
    assert sender["cost"] + sender["save"] == pytest.approx(costs["gross_amount"])
    (line,) = await _get(bench, f"{path}/items", headers)
    assert (line["order_id"], line["item_id"]) == (order["id"], order["order_items"][0]["item"]["id"])
    (payment,) = await _get(bench, f"{path}/payments", headers)
    assert payment["payment_id"] == order["payments"][0]["id"]
    assert await _get(bench, f"{path}/orders", headers | HOSTED) == [{"id": order["id"]}]
    await _get(bench, f"{path}/orders", headers, 404)
    assert (await _get(bench, f"{path}/carrier", headers))["name"]
    assert (await _get(bench, f"{path}/lead_time", headers))["list_cost"] == costs["gross_amount"]


async def test_the_sla_turns_late_and_then_there_are_delays(bench: Bench) -> None:
    _, headers, order = await _sold(bench)
    path = f"/shipments/{order['shipping']['id']}"
    await bench.control(path.lstrip("/"), hold=True)
    assert (await _get(bench, f"{path}/sla", headers))["status"] == "insuficient_info"
    assert (await _get(bench, f"{path}/delays", headers, 404))["error"] == "delays_not_found"
    await bench.control("clock", advance_seconds=2 * DAY // 1000)
    assert (await _get(bench, f"{path}/sla", headers))["status"] == "delayed"
    assert (await _get(bench, f"{path}/delays", headers))["delays"][0]["type"] == "handling_delayed"


async def test_full_has_no_sla_and_no_label(bench: Bench) -> None:
    _, headers, order = await _sold(bench, "fulfillment")
    shipment_id = order["shipping"]["id"]
    await _get(bench, f"/shipments/{shipment_id}/sla", headers, 404)
    await bench.control(f"shipments/{shipment_id}", status="ready_to_ship", substatus="packed")
    await _get(bench, f"/shipment_labels?shipment_ids={shipment_id}", headers, 400)


async def _label(bench: Bench, headers: dict[str, str], shipment_id: int, kind: str = "pdf") -> httpx.Response:
    query = {"shipment_ids": str(shipment_id), "response_type": kind}
    return await bench.http.get("/shipment_labels", headers=headers, params=query)


async def test_a_label_exists_once_ready_and_printing_it_shows(bench: Bench) -> None:
    _, headers, order = await _sold(bench)
    shipment_id = order["shipping"]["id"]
    for status, substatus in (("pending", "buffered"), ("handling", "invoice_pending"), ("ready_to_ship", "invoice_pending")):
        await bench.control(f"shipments/{shipment_id}", status=status, substatus=substatus)
        refused = await _label(bench, headers, shipment_id)
        assert refused.status_code == 400 and refused.json()["failed_shipments"][0]["shipment_id"] == shipment_id
    invoiced = await bench.http.post(f"/shipments/{shipment_id}/invoice_data", headers=headers, json={"key": "35"})
    assert invoiced.status_code == 201
    assert (await _label(bench, headers, shipment_id)).content.startswith(b"%PDF-1.4")
    packed = zipfile.ZipFile(io.BytesIO((await _label(bench, headers, shipment_id, "zpl2")).content))
    assert str(shipment_id) in packed.read("Etiquetas.txt").decode()


async def test_printing_moves_a_fresh_parcel_on(bench: Bench) -> None:
    _, headers, order = await _sold(bench, "self_service")
    shipment_id = order["shipping"]["id"]
    await bench.control("clock", advance_seconds=600)
    assert (await _get(bench, f"/shipments/{shipment_id}", headers | NEW))["substatus"] == "ready_to_print"
    assert (await _label(bench, headers, shipment_id)).status_code == 200
    assert (await _get(bench, f"/shipments/{shipment_id}", headers | NEW))["substatus"] == "printed"
    await bench.control("chaos", invoice_before_label=True)
    assert (await _label(bench, headers, shipment_id)).status_code == 400


async def test_the_shipment_comes_after_the_order(bench: Bench) -> None:
    await bench.control("chaos", shipment_after_ms=60_000)
    user_id, headers = await bench.connect()
    order_id = (await bench.control("orders", seller_id=user_id))["order_id"]
    hosted = await bench.http.get(f"/orders/{order_id}/shipments", headers=headers | HOSTED)
    assert (hosted.status_code, hosted.content) == (204, b"")
    assert (await _get(bench, f"/orders/{order_id}", headers))["shipping"]["id"] is None
    await bench.quiet()
    bench.receiver.bodies.clear()
    await bench.control("clock", advance_seconds=61)
    await bench.quiet()
    assert f"/orders/{order_id}" in [body["resource"] for body in bench.receiver.bodies]
    shipping_id = (await _get(bench, f"/orders/{order_id}", headers))["shipping"]["id"]
    assert await _get(bench, f"/orders/{order_id}/shipments", headers | HOSTED) == [{"id": shipping_id, "type": "forward"}]
    assert (await _get(bench, f"/orders/{order_id}/shipments", headers))["order_id"] == order_id


async def test_a_cart_travels_in_one_parcel(bench: Bench) -> None:
    user_id, headers, first = await _sold(bench)
    second = (await bench.control("orders", seller_id=user_id, pack_id=first["pack_id"]))["order"]
    assert second["shipping"] == first["shipping"] and second["buyer"] == first["buyer"]
    lines = await _get(bench, f"/shipments/{first['shipping']['id']}/items", headers)
    assert [line["order_id"] for line in lines] == [first["id"], second["id"]]
    await bench.control(f"orders/{first['id']}", action="cancel")
    assert (await _get(bench, f"/shipments/{first['shipping']['id']}", headers | NEW))["status"] != "cancelled"
    await bench.control(f"orders/{second['id']}", action="cancel")
    assert (await _get(bench, f"/shipments/{first['shipping']['id']}", headers | NEW))["status"] == "cancelled"


async def test_a_split_cancels_and_makes_anew(bench: Bench) -> None:
    user_id, headers, order = await _sold(bench, quantity=3)
    old = order["shipping"]["id"]
    boxes = [{"orders": [{"id": order["id"], "quantity": quantity}]} for quantity in (1, 2)]
    for bad in ([boxes[0]], [boxes[0], boxes[0]], [*boxes, boxes[0]]):
        refused = await bench.http.post(f"/shipments/{old}/split", headers=headers, json={"packs": bad})
        assert refused.status_code == 400
    assert (await bench.http.post(f"/shipments/{old}/split", headers=headers, json={"packs": boxes})).status_code == 202
    assert (await _get(bench, f"/orders/{order['id']}", headers))["status"] == "cancelled"
    assert (await _get(bench, f"/packs/{order['pack_id']}", headers))["status"] == "cancelled"
    gone = await _get(bench, f"/shipments/{old}", headers | NEW)
    assert (gone["status"], gone["substatus"]) == ("cancelled", "pack_splitted")
    fresh = [one for one in bench.sim.world.orders.values() if one.id != order["id"]]
    assert sorted(one.quantity for one in fresh) == [1, 2]
    parcels = [await _get(bench, f"/shipments/{one.shipping_id}", headers | NEW) for one in fresh]
    assert [one["sibling"]["sibling_id"] for one in parcels] == [parcels[1]["id"], parcels[0]["id"]]
    truth = (await bench.http.get(f"/_sim/sellers/{user_id}/truth")).json()
    assert truth["orders"]["by_status"]["paid"]["total_amount_cents"] == sum(one.total for one in fresh)


async def test_a_parcel_is_its_sellers_alone(bench: Bench) -> None:
    _, _, order = await _sold(bench)
    _, strange = await bench.connect()
    refused = await bench.http.get(f"/shipments/{order['shipping']['id']}", headers=strange)
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    assert (await bench.http.get("/shipments/1", headers=strange)).status_code == 404


async def test_moved_parcels_outlive_a_restart(tmp_path: Any) -> None:
    from simulator.parcels import parcel
    from simulator.seed import create_seller
    from simulator.state import World

    world = World(7, tmp_path)
    create_seller(world, items=3, orders=30)
    now, ids = world.clock.now_ms(), sorted(world.parcels)
    found = parcel(world, ids[-1])
    assert found is not None
    found.moved("not_delivered", "lost", now)
    world.save_shipment(found)
    plans = {one: parcel(world, one) for one in ids}
    world.store.close()
    again = World(7, tmp_path)
    assert {one: parcel(again, one) for one in ids} == plans
    again.store.close()


async def test_the_catalogue_of_statuses(bench: Bench) -> None:
    _, headers = await bench.connect()
    listed = await _get(bench, "/shipment_statuses", headers)
    assert {"pending", "ready_to_ship", "delivered", "to_be_agreed", "stale_shipped"} <= {one["id"] for one in listed}
    assert (await bench.http.get("/shipments", headers=headers, params={"ids": "1"})).status_code == 404
