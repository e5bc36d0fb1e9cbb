"""PostgreSQL dies in the middle of a storm of notifications: intake goes on, and everything is applied exactly once after."""

from __future__ import annotations

import os
import signal

import psycopg
import pytest

from tests.servers import wait_until
from tests.shops import Shop
from tests.system import System

NOTIFICATIONS = 200
RECOVERY_SECONDS = 150


@pytest.mark.req("A024", "A033", "A153")
def test_a_killed_database_loses_no_notification(system: System, shop: Shop) -> None:
    simulator = shop.seller.simulator
    # How fast intake answers is a benchmark's question: here a busy machine must not make deliveries late.
    simulator("POST", "/_sim/chaos", {"duplicates": 1, "deadline_ms": 5000})
    storm = simulator("POST", "/_sim/storm", {"seller_ids": [shop.seller_id], "orders_each": NOTIFICATIONS, "over_seconds": 4})
    orders = {str(order) for order in storm["order_ids"][str(shop.seller_id)]}
    assert len(orders) == NOTIFICATIONS
    wait_until(lambda: delivered(shop) >= NOTIFICATIONS // 4, seconds=30, what="a quarter of the storm")

    os.kill(system.pid_of("postgres"), signal.SIGKILL)
    wait_until(lambda: waiting(shop) == 0, seconds=60, what="the end of the storm")
    assert outcomes(shop) == {"delivered"}, "intake must answer 200 while the database is away"

    system.painel("up", "--no-demo")
    simulator("POST", "/_sim/chaos", {"reset": True})
    wait_until(lambda: orders <= known_orders(shop), seconds=RECOVERY_SECONDS, what="the recovery of every order")
    assert applied_twice(system, shop) == []


def delivered(shop: Shop) -> int:
    total: int = shop.seller.simulator("GET", f"/_sim/deliveries?seller_id={shop.seller_id}&topic=orders_v2&limit=1")["total"]
    return total


def waiting(shop: Shop) -> int:
    left: int = shop.seller.simulator("GET", "/_sim/health")["notifications_waiting"]
    return left


def outcomes(shop: Shop) -> set[str]:
    told = shop.seller.simulator("GET", f"/_sim/deliveries?seller_id={shop.seller_id}&limit=5000")
    return {delivery["outcome"] for delivery in told["deliveries"]}


def known_orders(shop: Shop) -> set[str]:
    return {order["id"] for order in shop.seller.every("/orders")}


def applied_twice(system: System, shop: Shop) -> list[tuple[str, str, int]]:
    """Resources with more than one outbox row for one version: what an upsert alone would hide."""
    tenant = shop.seller.call("GET", "/tenant", expect=200)["id"]
    with psycopg.connect(system.endpoints["database_url"]) as connection:
        connection.execute("select app.enter_tenant(%s)", [tenant])
        return connection.execute(
            "select resource, version, count(*) from app.outbox_events group by resource, version having count(*) > 1"
        ).fetchall()
