"""The control API: what tests lean on must itself be right."""

import time
from pathlib import Path

import pytest

from simulator.clock import HOUR
from simulator.model import MissedFeed, Notification, Order
from simulator.seed import create_seller
from simulator.state import World

from .conftest import CLIENT_ID, SECRET, Bench, bearer

pytestmark = pytest.mark.anyio


async def test_truth_counts_and_sums(bench: Bench) -> None:
    user_id = await bench.seller(items=10, orders=200, days=30)
    truth = (await bench.http.get(f"/_sim/sellers/{user_id}/truth", params={"ids": "1"})).json()
    orders = list(bench.sim.world.orders.values())
    assert truth["items"]["total"] == sum(truth["items"]["by_status"].values()) == 10
    assert truth["orders"]["total"] == len(truth["orders"]["ids"]) == 200
    for status, sums in truth["orders"]["by_status"].items():
        mine = [order for order in orders if order.status == status]
        assert (sums["count"], sums["total_amount_cents"]) == (len(mine), sum(order.total for order in mine))
    assert truth["orders"]["total_amount_cents"] == sum(order.total for order in orders)
    assert (await bench.http.get("/_sim/sellers/1/truth")).status_code == 404


async def test_sellers_are_listed(bench: Bench) -> None:
    user_id, _ = await bench.connect(nickname="LOJA.DO.TESTE", items=2, orders=5)
    (seller,) = (await bench.http.get("/_sim/sellers")).json()["sellers"]
    assert (seller["user_id"], seller["nickname"], seller["items"], seller["orders"]) == (
        user_id,
        "LOJA.DO.TESTE",
        2,
        5,
    )
    assert seller["granted_to"] == [CLIENT_ID]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("sellers", {"items": -1}),
        ("sellers", {"orders": 5}),
        ("sellers", {"operator_of": 9}),
        ("chaos", {"latencyms": 5}),
        ("chaos", {"latency_ms": "5"}),
        ("chaos", {"error_status": 200}),
        ("chaos", {"error_body": "xml"}),
        ("clock", {}),
        ("clock", {"set": "2026-01-01"}),
        ("forge", {"body": {}, "url": "file:///etc/passwd"}),
        ("notify", {"seller_id": 1}),
    ],
)
async def test_bad_commands_are_refused(bench: Bench, path: str, body: dict[str, object]) -> None:
    assert (await bench.http.post(f"/_sim/{path}", json=body)).status_code in (400, 404)


async def test_an_application_is_checked_and_changed_by_field(bench: Bench) -> None:
    for bad in ({"client_secret": "x"}, {"client_id": "1"}, {"client_id": "1", "client_secret": "x", "colour": "red"}):
        assert (await bench.http.put("/_sim/app", json=bad)).status_code == 400
    bad_url = {"client_id": CLIENT_ID, "notifications_url": "ftp://x"}
    assert (await bench.http.put("/_sim/app", json=bad_url)).status_code == 400
    changed = await bench.http.put("/_sim/app", json={"client_id": CLIENT_ID, "pkce": True})
    assert (changed.json()["pkce"], changed.json()["client_secret"]) == (True, SECRET)


async def test_switches_are_set_by_name_and_put_back(bench: Bench) -> None:
    await bench.control("chaos", duplicates=0.5, latency_ms=1)
    read = (await bench.http.get("/_sim/chaos")).json()
    assert (read["duplicates"], read["latency_ms"], read["drop"]) == (0.5, 1, 0.0)
    assert (await bench.control("chaos", reset=True))["latency_ms"] == 0


@pytest.mark.parametrize("kind", ["json", "text", "truncated"])
async def test_injected_errors_spare_the_control_api(bench: Bench, kind: str) -> None:
    _, headers = await bench.connect()
    await bench.control("chaos", error_rate=1, error_status=429, error_body=kind, error_prefix="/users")
    failed = await bench.http.get("/users/me", headers=headers)
    assert failed.status_code == 429
    if kind == "json":
        assert failed.json()["error"] == "too_many_requests"
    else:
        assert failed.text.startswith("local_rate_limited" if kind == "text" else '{"message"')
    assert (await bench.http.get("/orders/1", headers=headers)).status_code == 404
    assert (await bench.http.get("/_sim/health")).json()["status"] == "ok"


async def test_calls_are_counted_by_route(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    for path in ("/users/me", f"/users/{user_id}", "/orders/1", "/orders/2"):
        await bench.http.get(path, headers=headers)
    calls = (await bench.http.get("/_sim/requests")).json()
    read = calls["by_endpoint"]["GET /orders/{order_id}"]
    assert (read["count"], read["by_status"]) == (2, {"404": 2})
    assert calls["by_endpoint"]["POST /oauth/token"]["count"] == 1
    assert calls["total"] == 5


async def test_users_show_strangers_only_their_public_part(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    other = await bench.seller()
    mine = (await bench.http.get("/users/me", headers=headers)).json()
    assert (mine["id"], mine["site_id"], mine["country_id"]) == (user_id, "MLB", "BR") and "email" in mine
    theirs = (await bench.http.get(f"/users/{other}", headers=headers)).json()
    assert theirs["id"] == other and "email" not in theirs
    assert (await bench.http.get("/users/3", headers=headers)).status_code == 404


async def test_current_tokens_are_shown_on_request(bench: Bench) -> None:
    pair = await bench.grant(await bench.seller())
    (plain,) = (await bench.http.get("/_sim/tokens")).json()["accounts"]
    assert "current_refresh_token" not in plain and plain["live_access_tokens"] == 1
    (shown,) = (await bench.http.get("/_sim/tokens", params={"values": "1"})).json()["accounts"]
    assert shown["current_refresh_token"] == pair["refresh_token"]


async def test_reset_forgets_everything(bench: Bench) -> None:
    pair = await bench.grant(await bench.seller(orders=5))
    await bench.control("clock", advance_seconds=500)
    await bench.control("reset")
    health = (await bench.http.get("/_sim/health")).json()
    assert (health["apps"], health["sellers"], health["orders"]) == (0, 0, 0)
    assert (await bench.http.get("/_sim/clock")).json()["offset_seconds"] == 0
    assert (await bench.http.get("/users/me", headers=bearer(pair["access_token"]))).status_code == 401


async def test_unknown_paths_answer_in_the_house_style(bench: Bench) -> None:
    answer = await bench.http.get("/novelties/1")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


async def test_a_reset_breaks_off_what_is_in_flight(bench: Bench) -> None:
    bench.receiver.hold.clear()
    user_id, _ = await bench.connect()
    await bench.control("notify", seller_id=user_id, topic="orders_v2", resource="/orders/1", times=3)
    await bench.until(lambda: len(bench.receiver.bodies) == 3)
    await bench.control("reset")
    await bench.until(lambda: bench.sim.outbox.waiting == 0)
    assert await bench.deliveries() == []


def test_notifications_outlive_a_restart(tmp_path: Path) -> None:
    world = World(7, tmp_path)
    waiting = Notification("a", CLIENT_ID, 1, "orders_v2", "/orders/1", received_ms=1, due_ms=2)
    given_up = Notification("b", CLIENT_ID, 1, "orders_v2", "/orders/2", received_ms=1, due_ms=2, attempts=8)
    world.save_notification(waiting)
    world.save_missed(MissedFeed(given_up, 5, "https://x.example", "{}", 1, 500, ""))
    delivery = world.record_delivery(given_up, "refused", status=500, ack_ms=1.5)
    world.store.close()
    again = World(7, tmp_path)
    assert (again.pending, again.missed["b"].notification) == ({"a": waiting}, given_up)
    assert list(again.deliveries) == [delivery]
    assert again.next_number("delivery") == delivery.seq + 1
    again.store.close()


def _sold(world: World) -> list[Order]:
    return list(world.orders.values())


def test_the_same_seed_makes_the_same_sellers() -> None:
    worlds = [World(7), World(7), World(8)]
    half_past = worlds[0].clock.now_ms() // HOUR * HOUR + HOUR // 2
    for world in worlds:
        world.clock.set(half_past)
        create_seller(world, items=20, orders=200)
    same, again, other = worlds
    assert list(same.sellers.values()) == list(again.sellers.values())
    assert list(same.items.values()) == list(again.items.values())
    assert _sold(same) == _sold(again) != _sold(other)


def test_a_big_seller_is_made_quickly_and_looks_alive() -> None:
    world, started = World(7), time.perf_counter()
    seller = create_seller(world, items=150, orders=2_500, days=90)
    assert time.perf_counter() - started < 2
    orders = _sold(world)
    now = world.clock.now_ms()
    assert len(orders) == 2_500 and len(world.catalogues[seller.id]) == 150
    assert all(now - 92 * 86_400_000 < order.date_created < now for order in orders)
    assert all(order.date_created <= order.date_closed <= order.date_last_updated for order in orders)
    shares = {status: sum(order.status == status for order in orders) / 2_500 for status in ("paid", "cancelled")}
    assert 0.8 < shares["paid"] < 0.95 and 0.04 < shares["cancelled"] < 0.13
    prices = sorted(order.unit_price for order in orders)
    assert prices[0] >= 900 and 2_000 < prices[1_250] < 30_000 and prices[-1] < 300_000
    assert any(len(ids) > 1 for ids in world.packs.values())


def test_order_ids_rise_with_their_dates() -> None:
    world = World(3)
    create_seller(world, items=5, orders=50)
    assert sorted(world.orders) == list(world.orders)
