"""Items: ids-only search, the wall and the scan, the two multigets, and what a change does."""

import pytest

from .conftest import Bench

pytestmark = pytest.mark.anyio


async def test_search_answers_ids_sorted_and_filtered(bench: Bench) -> None:
    user_id, headers = await bench.connect(items=130)
    path = f"/users/{user_id}/items/search"
    first = (await bench.http.get(path, headers=headers)).json()
    assert first["paging"] == {"limit": 50, "offset": 0, "total": 130}
    assert len(first["results"]) == 50 and all(isinstance(one, str) for one in first["results"])
    by_price = (await bench.http.get(path, headers=headers, params={"orders": "price_desc", "limit": 100})).json()
    prices = [bench.sim.world.items[one].price for one in by_price["results"]]
    assert prices == sorted(prices, reverse=True)
    paused = (await bench.http.get(path, headers=headers, params={"status": "paused"})).json()
    truth = (await bench.http.get(f"/_sim/sellers/{user_id}/truth")).json()
    assert paused["paging"]["total"] == truth["items"]["by_status"]["paused"] > 0


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "101"},
        {"orders": "sort_me"},
        {"status": "under_review"},
        {"offset": "951"},
        {"search_type": "scan", "offset": "0"},
    ],
)
async def test_search_refuses(bench: Bench, query: dict[str, str]) -> None:
    user_id, headers = await bench.connect()
    assert (await bench.http.get(f"/users/{user_id}/items/search", headers=headers, params=query)).status_code == 400


async def test_a_scan_passes_the_wall_and_ends_empty(bench: Bench) -> None:
    user_id, headers = await bench.connect(items=1_050)
    path, seen = f"/users/{user_id}/items/search", []
    query = {"search_type": "scan", "limit": "100"}
    while True:
        page = (await bench.http.get(path, headers=headers, params=query)).json()
        if not page["results"]:
            break
        seen += page["results"]
        query = {"search_type": "scan", "scroll_id": page["scroll_id"]}
    assert page["scroll_id"] is None
    assert sorted(seen) == sorted(bench.sim.world.catalogues[user_id])


async def test_a_scroll_lives_five_minutes_and_only_its_latest_id_works(bench: Bench) -> None:
    user_id, headers = await bench.connect(items=30)
    path, scan = f"/users/{user_id}/items/search", {"search_type": "scan", "limit": "5"}
    first = (await bench.http.get(path, headers=headers, params=scan)).json()["scroll_id"]
    following = scan | {"scroll_id": first}
    latest = (await bench.http.get(path, headers=headers, params=following)).json()["scroll_id"]
    assert (await bench.http.get(path, headers=headers, params=following)).status_code == 400
    await bench.control("clock", advance_seconds=301)
    late = await bench.http.get(path, headers=headers, params=scan | {"scroll_id": latest})
    assert late.json()["error"] == "invalid_scroll_id"


async def test_bulk_keeps_positions_and_projects(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    one, two, _ = bench.sim.world.catalogues[user_id]
    entries = (await bench.http.get("/items/bulk", headers=headers, params={"ids": f"{two},MLB1,{one}"})).json()
    assert [entry["status_code"] for entry in entries] == [200, 404, 200]
    assert entries[1] == {"status_code": 404}
    assert (entries[0]["id"], entries[0]["body"]["id"], entries[2]["id"]) == (two, two, one)
    query = {"ids": one, "attributes": "status_code,body.id,body.price,title"}
    (entry,) = (await bench.http.get("/items/bulk", headers=headers, params=query)).json()
    assert set(entry) == {"status_code", "body"} and set(entry["body"]) == {"id", "price"}
    (bare,) = (await bench.http.get("/items/bulk", headers=headers, params={"ids": one, "attributes": "id"})).json()
    assert bare == {"id": one}


async def test_bulk_refuses_repetition_and_more_than_twenty(bench: Bench) -> None:
    user_id, headers = await bench.connect(items=21)
    ids = bench.sim.world.catalogues[user_id]
    for bad in ([ids[0], ids[0]], ids, []):
        answer = await bench.http.get("/items/bulk", headers=headers, params={"ids": ",".join(bad)})
        assert answer.status_code == 400
    assert (await bench.http.get("/items/bulk", headers=headers, params={"ids": ",".join(ids[:20])})).is_success


async def test_the_legacy_multiget_is_behind_its_switch(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    query = {"ids": f"{bench.sim.world.catalogues[user_id][0]},MLB1", "attributes": "id,price"}
    assert (await bench.http.get("/items", headers=headers, params=query)).status_code == 404
    await bench.control("chaos", legacy_multiget=True)
    found, missing = (await bench.http.get("/items", headers=headers, params=query)).json()
    assert found["code"] == 200 and set(found["body"]) == {"id", "price"}
    assert missing == {"code": 404, "body": {"error": "not_found"}}


async def test_another_sellers_items_are_out_of_reach(bench: Bench) -> None:
    _, headers = await bench.connect()
    other = await bench.seller()
    theirs = bench.sim.world.catalogues[other][0]
    refused = await bench.http.get(f"/items/{theirs}", headers=headers)
    assert (refused.status_code, refused.json()["error"]) == (403, "access_denied")
    assert (await bench.http.put(f"/items/{theirs}", headers=headers, json={"price": 1})).status_code == 403
    assert (await bench.http.get(f"/users/{other}/items/search", headers=headers)).status_code == 403
    (entry,) = (await bench.http.get("/items/bulk", headers=headers, params={"ids": theirs})).json()
    assert entry == {"status_code": 403, "id": theirs}
    assert (await bench.http.get("/items/MLB1", headers=headers)).status_code == 404


async def _active(bench: Bench, **fields: object) -> tuple[str, dict[str, str]]:
    user_id, headers = await bench.connect()
    item_id = bench.sim.world.catalogues[user_id][0]
    await bench.control(f"items/{item_id}", **{"available_quantity": 5, "status": "active", **fields})
    return item_id, headers


async def test_stock_moves_the_status_except_against_the_sellers_pause(bench: Bench) -> None:
    item_id, headers = await _active(bench)

    async def put(**body: object) -> tuple[str, list[str]]:
        item = (await bench.http.put(f"/items/{item_id}", headers=headers, json=body)).json()
        return item["status"], item["sub_status"]

    assert await put(available_quantity=0) == ("paused", ["out_of_stock"])
    assert await put(available_quantity=4) == ("active", [])
    assert await put(status="paused") == ("paused", ["paused_by_seller"])
    assert await put(available_quantity=9) == ("paused", ["paused_by_seller"])
    assert await put(status="active") == ("active", [])
    assert await put(status="closed") == ("closed", [])
    reopened = await bench.http.put(f"/items/{item_id}", headers=headers, json={"status": "active"})
    assert reopened.status_code == 400
    assert await put(deleted="true") == ("closed", ["deleted"])


@pytest.mark.parametrize("body", [{"status": "Active"}, {"price": -1}, {"available_quantity": 1.5}, {"health": 1}])
async def test_a_bad_change_is_a_validation_error(bench: Bench, body: dict[str, object]) -> None:
    item_id, headers = await _active(bench)
    answer = await bench.http.put(f"/items/{item_id}", headers=headers, json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "validation_error")
    assert answer.json()["cause"][0]["type"] == "error"


async def test_an_automated_price_is_not_set_by_hand(bench: Bench) -> None:
    item_id, headers = await _active(bench, price_automation=True, price_cents=5_000)
    assert (await bench.http.put(f"/items/{item_id}", headers=headers, json={"price": 10})).status_code == 400
    both = await bench.http.put(f"/items/{item_id}", headers=headers, json={"price": 10, "available_quantity": 7})
    assert both.status_code == 200
    assert (both.json()["price"], both.json()["available_quantity"], len(both.json()["warnings"])) == (50.0, 7, 1)


async def test_a_change_is_announced(bench: Bench) -> None:
    item_id, headers = await _active(bench)
    await bench.quiet()
    bench.receiver.bodies.clear()
    await bench.http.put(f"/items/{item_id}", headers=headers, json={"price": 12.5})
    await bench.quiet()
    assert [(one["topic"], one["resource"]) for one in bench.receiver.bodies] == [("items", f"/items/{item_id}")]
