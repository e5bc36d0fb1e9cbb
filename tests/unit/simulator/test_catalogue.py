"""The catalogue beyond one plain item: variations, user products, prices, fees, creation, review, locking."""

import asyncio
from typing import Any

import httpx
import pytest

from simulator.item_document import bucketed

from .conftest import CLIENT_ID, Bench

pytestmark = pytest.mark.anyio


async def _seller(bench: Bench, **fields: Any) -> tuple[int, dict[str, str], str]:
    """A seller, its headers and its first item, active with stock."""
    await bench.http.put("/_sim/app", json={"client_id": CLIENT_ID, "expires_in": 10**8})
    user_id, headers = await bench.connect(**fields)
    item_id = bench.sim.world.catalogues[user_id][0]
    if not bench.sim.world.items[item_id].variations:
        await bench.control(f"items/{item_id}", available_quantity=7, status="active", price_cents=5_000)
    return user_id, headers, item_id


async def _put(bench: Bench, headers: dict[str, str], item_id: str, **body: Any) -> httpx.Response:
    return await bench.http.put(f"/items/{item_id}", headers=headers, json=body)


def _code(response: httpx.Response) -> str:
    assert response.status_code == 400, response.text
    return str(response.json()["cause"][0]["code"])


# Variations


async def test_variations_left_out_of_a_put_are_deleted(bench: Bench) -> None:
    _, headers, item_id = await _seller(bench, variations=1)
    before = (await bench.http.get(f"/items/{item_id}", headers=headers)).json()["variations"]
    assert len(before) >= 2 and all(one["id"] > 1 << 32 for one in before) and "attributes" not in before[0]
    kept, new = {"id": before[0]["id"], "available_quantity": 4}, {"available_quantity": 3, "price": before[0]["price"]}
    after = (await _put(bench, headers, item_id, variations=[kept, new])).json()
    assert [one["available_quantity"] for one in after["variations"]] == [4, 3] and after["available_quantity"] == 7
    assert after["variations"][0]["id"] == before[0]["id"] and after["variations"][1]["id"] not in {b["id"] for b in before}
    listed = await bench.http.get(f"/items/{item_id}/variations", headers=headers, params={"include_attributes": "all"})
    assert [one["attributes"][0]["id"] for one in listed.json()] == ["SELLER_SKU", "SELLER_SKU"]
    one = f"/items/{item_id}/variations/{before[0]['id']}"
    assert (await bench.http.delete(one, headers=headers)).json() == [after["variations"][1]]
    assert (await bench.http.get(one, headers=headers)).status_code == 404


async def test_variations_share_one_price_and_carry_the_stock(bench: Bench) -> None:
    _, headers, item_id = await _seller(bench, variations=1)
    ids = [one.id for one in bench.sim.world.items[item_id].variations]
    uneven = [{"id": one, "price": 10 + index} for index, one in enumerate(ids)]
    assert _code(await _put(bench, headers, item_id, variations=uneven)) == "item.variations.price.different"
    assert _code(await _put(bench, headers, item_id, variations=[{"id": 5}])) == "item.variations.id.invalid"
    assert _code(await _put(bench, headers, item_id, variations=[{}] * 101)) == "item.variations.max"
    assert _code(await _put(bench, headers, item_id, price=9)) == "item.price.not_modifiable"
    assert _code(await _put(bench, headers, item_id, available_quantity=9)) == "item.available_quantity.not_modifiable"
    even = [{"id": one, "price": 12.5, "available_quantity": 0} for one in ids]
    after = (await _put(bench, headers, item_id, variations=even)).json()
    assert (after["price"], after["status"], after["sub_status"]) == (12.5, "paused", ["out_of_stock"])


async def test_a_sale_takes_the_stock_of_its_variation(bench: Bench) -> None:
    user_id, headers, item_id = await _seller(bench, items=1, variations=1)
    item = bench.sim.world.items[item_id]
    await _put(bench, headers, item_id, variations=[{"id": one.id, "available_quantity": 5} for one in item.variations])
    line = (await bench.control("orders", seller_id=user_id, item_id=item_id, quantity=2))["order"]["order_items"][0]["item"]
    sold = next(one for one in item.variations if one.id == line["variation_id"])
    assert (sold.available_quantity, line["seller_sku"], len(line["variation_attributes"])) == (3, sold.sku, 1)
    assert item.available_quantity == 5 * len(item.variations) - 2


# User products


async def test_items_of_one_product_share_its_stock(bench: Bench) -> None:
    await bench.control("chaos", stock_replication_ms=5_000)
    user_id, headers, _ = await _seller(bench, site_id="MLA", items=3, families=1, logistic_types=["drop_off"])
    world = bench.sim.world
    first, second, third = world.seller_items(user_id)
    assert first.family_id == third.family_id and first.user_product_id == second.user_product_id != third.user_product_id
    await bench.control(f"items/{first.id}", available_quantity=9, status="active")
    read = await bench.http.get(f"/user-products/{first.user_product_id}/stock", headers=headers)
    assert read.json()["locations"] == [{"type": "selling_address", "quantity": 9}]
    path = f"/user-products/{first.user_product_id}/stock/type/selling_address"
    version = {"x-version": read.headers["x-version"]}
    assert (await bench.http.put(path, headers=headers, json={"quantity": 4})).status_code == 400
    written = await bench.http.put(path, headers=headers | version, json={"quantity": 4})
    assert (written.status_code, written.json()["locations"][0]["quantity"]) == (200, 4)
    assert (await bench.http.put(path, headers=headers | version, json={"quantity": 5})).status_code == 409
    assert second.available_quantity != 4
    await bench.control("clock", advance_seconds=6)
    assert (first.available_quantity, second.available_quantity) == (4, 4)
    family = await bench.http.get(f"/sites/MLA/user-products-families/{first.family_id}", headers=headers)
    assert family.json()["user_products_ids"] == [first.user_product_id, third.user_product_id]


async def test_a_sale_moves_the_version(bench: Bench) -> None:
    user_id, headers, item_id = await _seller(bench, items=1)
    path = f"/user-products/{bench.sim.world.items[item_id].user_product_id}/stock"
    before = await bench.http.get(path, headers=headers)
    await bench.control("orders", seller_id=user_id, item_id=item_id, quantity=2)
    after = await bench.http.get(path, headers=headers)
    assert (before.json()["locations"][0]["quantity"], after.json()["locations"][0]["quantity"]) == (7, 5)
    assert int(after.headers["x-version"]) > int(before.headers["x-version"])


async def test_brazil_writes_stock_in_warehouses_only(bench: Bench) -> None:
    await bench.http.put("/_sim/app", json={"client_id": CLIENT_ID, "topics": ["stock-location"]})
    _, headers, item_id = await _seller(bench, items=1, tags=["warehouse_management"], logistic_types=["xd_drop_off"])
    product = bench.sim.world.items[item_id].user_product_id
    read = await bench.http.get(f"/user-products/{product}/stock", headers=headers)
    (location,) = read.json()["locations"]
    assert (location["type"], location["quantity"]) == ("seller_warehouse", 7)
    version = {"x-version": read.headers["x-version"]}
    body: dict[str, Any] = {"locations": [{"store_id": location["store_id"], "quantity": 3}]}
    refused = await bench.http.put(f"/user-products/{product}/stock/type/selling_address", headers=headers | version, json={})
    assert refused.status_code == 403
    await bench.quiet()
    bench.receiver.bodies.clear()
    done = await bench.http.put(f"/user-products/{product}/stock/type/seller_warehouse", headers=headers | version, json=body)
    assert done.status_code == 200 and bench.sim.world.items[item_id].available_quantity == 3
    await bench.quiet()
    assert [one["resource"] for one in bench.receiver.bodies] == [f"/user-products/{product}/stock"]
    assert _code(await _put(bench, headers, item_id, available_quantity=9)) == "item.available_quantity.not_modifiable"
    both = (await _put(bench, headers, item_id, available_quantity=9, seller_custom_field="X-1")).json()
    assert (both["available_quantity"], both["seller_custom_field"], len(both["warnings"])) == (3, "X-1", 1)


async def test_full_stock_is_read_by_its_inventory(bench: Bench) -> None:
    _, headers, item_id = await _seller(bench, items=1, logistic_types=["fulfillment"])
    inventory = (await bench.http.get(f"/items/{item_id}", headers=headers)).json()["inventory_id"]
    stock = (await bench.http.get(f"/inventories/{inventory}/stock/fulfillment", headers=headers)).json()
    assert stock["available_quantity"] == 7 and stock["total"] == 7 + stock["not_available_quantity"]
    assert (await bench.http.get("/inventories/FB1/stock/fulfillment", headers=headers)).status_code == 404


# Prices and fees


async def test_prices_name_their_promotion(bench: Bench) -> None:
    await bench.http.put("/_sim/app", json={"client_id": CLIENT_ID, "topics": ["items_prices"]})
    _, headers, item_id = await _seller(bench)
    bench.sim.world.items[item_id].original_price = 6_000
    sale = (await bench.http.get(f"/items/{item_id}/sale_price?context=channel_marketplace", headers=headers)).json()
    assert (sale["amount"], sale["regular_amount"], sale["metadata"]["promotion_type"]) == (50.0, 60.0, "PRICE_DISCOUNT")
    listed = (await bench.http.get(f"/items/{item_id}/prices", headers=headers)).json()["prices"]
    assert [(one["type"], one["amount"]) for one in listed] == [("standard", 60.0), ("promotion", 50.0)]
    await bench.quiet()
    bench.receiver.bodies.clear()
    await _put(bench, headers, item_id, price=70)
    await bench.quiet()
    assert [one["resource"] for one in bench.receiver.bodies] == [f"/items/{item_id}/prices"]
    plain = (await bench.http.get(f"/items/{item_id}/sale_price", headers=headers)).json()
    assert (plain["amount"], plain["regular_amount"]) == (70.0, None)


@pytest.mark.parametrize(
    ("query", "fixed"),
    [
        ({"price": "40", "shipping_mode": "me2", "logistic_type": "self_service"}, 6.5),
        ({"price": "40", "shipping_mode": "me2", "logistic_type": "xd_drop_off"}, 0.0),
        ({"price": "40", "shipping_mode": "me1"}, 6.5),
        ({"price": "40", "shipping_mode": "not_specified"}, 6.5),
        ({"price": "10", "shipping_mode": "custom"}, 5.0),
        ({"price": "40"}, 6.5),
        ({"price": "100", "shipping_mode": "me1"}, 0.0),
    ],
)
async def test_the_fixed_fee_depends_on_price_and_logistics(bench: Bench, query: dict[str, str], fixed: float) -> None:
    _, headers = await bench.connect()
    one = {"listing_type_id": "gold_special"}
    fees = (await bench.http.get("/sites/MLB/listing_prices", headers=headers, params=query | one)).json()
    assert fees["sale_fee_details"]["fixed_fee"] == fixed
    assert fees["sale_fee_amount"] == pytest.approx(float(query["price"]) * 0.12 + fixed)


async def test_an_orders_fee_is_the_published_one(bench: Bench) -> None:
    user_id, headers, item_id = await _seller(bench)
    await bench.control(f"items/{item_id}", logistic_type="self_service", price_cents=4_000)
    line = (await bench.control("orders", seller_id=user_id, item_id=item_id, unit_price_cents=4_000))["order"]["order_items"][
        0
    ]
    query = {"price": "40", "listing_type_id": line["listing_type_id"], "shipping_mode": "me2", "logistic_type": "self_service"}
    fees = (await bench.http.get("/sites/MLB/listing_prices", headers=headers, params=query)).json()
    assert line["sale_fee"] == pytest.approx(fees["sale_fee_amount"])


async def test_listing_prices_come_as_array_or_object(bench: Bench) -> None:
    _, headers = await bench.connect()
    path = "/sites/MLB/listing_prices"
    listed = (await bench.http.get(path, headers=headers, params={"price": "90"})).json()
    assert {one["listing_type_id"] for one in listed} == {"free", "gold_special", "gold_pro"}
    await bench.control("chaos", listing_prices_object=False)
    query = {"price": "90", "listing_type_id": "gold_pro"}
    assert len((await bench.http.get(path, headers=headers, params=query)).json()) == 1
    assert (await bench.http.get(path, headers=headers, params={"price": "x"})).status_code == 400
    assert (await bench.http.get("/sites/MLA/listing_prices", headers=headers, params={"price": "9"})).status_code == 400


# Creation, review, locking


NEW = {
    "title": "Lanterna",
    "category_id": "MLB1582",
    "price": 30,
    "available_quantity": 4,
    "listing_type_id": "gold_special",
    "currency_id": "BRL",
    "pictures": [{"source": "https://x.example/1.jpg"}],
}


async def test_the_same_body_twice_is_two_items(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    made = [(await bench.http.post("/items", headers=headers, json=NEW)).json() for _ in range(2)]
    assert made[0]["id"] != made[1]["id"] and made[0]["status"] == "active" and "warnings" not in made[0]
    assert {one["id"] for one in made} <= set(bench.sim.world.catalogues[user_id])
    bare = {name: value for name, value in NEW.items() if name != "pictures"}
    assert (await bench.http.post("/items", headers=headers, json=bare)).json()["warnings"][0]["type"] == "warning"
    await bench.control("chaos", warnings_block=True)
    assert (await bench.http.post("/items", headers=headers, json=bare)).status_code == 400
    assert _code(await bench.http.post("/items", headers=headers, json=NEW | {"currency_id": "ARS"})).startswith(
        "item.currency"
    )


async def test_a_user_product_seller_names_a_family(bench: Bench) -> None:
    _, headers = await bench.connect(tags=["user_product_seller"])
    body = {name: value for name, value in NEW.items() if name != "title"} | {"family_name": "Lanterna"}
    assert _code(await bench.http.post("/items", headers=headers, json=NEW)) == "item.title.not_allowed"
    varied = body | {"variations": [{"price": 30}]}
    assert _code(await bench.http.post("/items", headers=headers, json=varied)) == "item.variations.not_allowed"
    blue = {"attributes": [{"id": "COLOR", "value_name": "Azul"}]}
    one, two = [(await bench.http.post("/items", headers=headers, json=body | more)).json() for more in ({}, blue)]
    assert one["family_id"] == two["family_id"] > 1 << 32 and two["title"] == "Lanterna Azul"
    assert _code(await _put(bench, headers, one["id"], title="Outra")) == "item.title.not_modifiable"
    assert (await _put(bench, headers, one["id"], family_name="Farol")).json()["title"] == "Farol"


async def test_a_closed_item_is_relisted_once(bench: Bench) -> None:
    _, headers, item_id = await _seller(bench)
    path = f"/items/{item_id}/relist"
    assert (await bench.http.post(path, headers=headers, json={})).status_code == 400
    await _put(bench, headers, item_id, status="closed")
    child = (await bench.http.post(path, headers=headers, json={"price": 33, "quantity": 2})).json()
    assert (child["parent_item_id"], child["price"], child["status"]) == (item_id, 33.0, "active")
    assert _code(await bench.http.post(path, headers=headers, json={})) == "item.relist.not_allowed"
    change = {"id": "gold_pro"}
    kind = f"/items/{child['id']}/listing_type"
    assert (await bench.http.post(kind, headers=headers, json=change)).json()["listing_type_id"] == "gold_pro"
    assert (await bench.http.post(kind, headers=headers, json=change)).status_code == 400


async def test_a_warning_hardens_after_two_days_until_repaired(bench: Bench) -> None:
    _, headers, item_id = await _seller(bench)
    await bench.control(f"items/{item_id}", moderation="warning")
    assert _code(await _put(bench, headers, item_id, status="active")) == "item.status.not_modifiable"
    await bench.control("clock", advance_seconds=2 * 86_400 + 1)
    item = (await bench.http.get(f"/items/{item_id}", headers=headers)).json()
    assert (item["status"], item["sub_status"]) == ("under_review", ["waiting_for_patch"])
    repaired = (await _put(bench, headers, item_id, attributes=[{"id": "GTIN", "value_name": "789"}])).json()
    assert (repaired["status"], repaired["sub_status"]) == ("active", [])
    await bench.control(f"items/{item_id}", moderation="forbidden")
    assert (await _put(bench, headers, item_id, attributes=[])).status_code == 400


async def test_a_write_during_a_write_is_refused(bench: Bench) -> None:
    _, headers, item_id = await _seller(bench)
    await bench.control("chaos", item_write_ms=50)
    answers = await asyncio.gather(*(_put(bench, headers, item_id, available_quantity=n) for n in (1, 2, 3)))
    assert sorted(one.status_code for one in answers) == [200, 409, 409]
    assert {one.json()["message"] for one in answers if one.status_code == 409} == {"item optimistic locking error"}
    await bench.control("chaos", reset=True, item_conflicts=1)
    assert (await _put(bench, headers, item_id, available_quantity=1)).status_code == 409


async def test_the_public_sees_buckets(bench: Bench) -> None:
    assert [bucketed(n) for n in (0, 1, 49, 50, 99, 260, 499, 4_999, 60_000)] == [0, 1, 1, 50, 50, 250, 250, 500, 50_000]
    _, headers, item_id = await _seller(bench)
    await bench.control(f"items/{item_id}", available_quantity=173)
    _, strange = await bench.connect()
    assert (await bench.http.get(f"/items/{item_id}", headers=strange)).status_code == 403
    await bench.control("chaos", third_party_items="public")
    seen = (await bench.http.get(f"/items/{item_id}", headers=strange)).json()
    assert (seen["available_quantity"], seen["seller_custom_field"]) == (150, None)
    assert (await bench.http.get(f"/items/{item_id}", headers=headers)).json()["available_quantity"] == 173
    await bench.control("chaos", bucket_own_quantities=True)
    assert (await bench.http.get(f"/items/{item_id}", headers=headers)).json()["available_quantity"] == 150


async def test_a_huge_sellers_search_is_partial_without_filters(bench: Bench) -> None:
    await bench.control("chaos", huge_seller_items=2)
    user_id, headers = await bench.connect(items=3)
    path = f"/users/{user_id}/items/search"
    assert (await bench.http.get(path, headers=headers)).status_code == 206
    filtered = await bench.http.get(path, headers=headers, params={"include_filters": "true"})
    assert filtered.status_code == 200 and filtered.json()["available_filters"][0]["id"] == "status"
    assert (await bench.http.get(f"{path}/restrictions", headers=headers)).json()["sort_allowed"] is False


async def test_the_doubts_about_bulk_are_switches(bench: Bench) -> None:
    user_id, headers = await bench.connect(items=22)
    ids = bench.sim.world.catalogues[user_id]

    async def bulk(asked: list[str], **query: str) -> httpx.Response:
        return await bench.http.get("/items/bulk", headers=headers, params={"ids": ",".join(asked)} | query)

    await bench.control("chaos", bulk_missing="body", bulk_repeated="collapse", bulk_over_limit="truncate")
    assert (await bulk([ids[0], "MLB1"])).json()[1]["body"]["error"] == "not_found"
    assert len((await bulk([ids[0], ids[0]])).json()) == 1 and len((await bulk(ids)).json()) == 20
    await bench.control("chaos", bulk_missing="dropped", bulk_strict_projection=False, bulk_shuffled=True)
    assert [one["id"] for one in (await bulk([ids[0], "MLB1"])).json()] == [ids[0]]
    assert (await bulk(ids[:1], attributes="id")).json()[0]["body"] == {"id": ids[0]}
    assert [one["id"] for one in (await bulk(ids[:20])).json()] != ids[:20]
