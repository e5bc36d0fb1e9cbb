"""The main job from outside: sign-up to an order that arrived by notification."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.servers import wait_until
from tests.shops import Shop, open_shop
from tests.system import System, painel


@pytest.mark.req("A001", "A025", "A050", "A051", "A154", "A170", "A171", "A172", "A173", "A193")
def test_a_new_seller_reads_an_order_that_a_notification_announced(system: System) -> None:
    told = json.loads(system.painel("smoke", "--json").stdout)
    assert told["holds"] is True
    last = told["steps"][-1]
    assert "notification" in last["step"]
    assert last["seconds"] <= 10
    assert sum(step["seconds"] for step in told["steps"]) < 300, "from sign-up to a shop at work: under five minutes (A193)"


def test_smoke_without_a_system_says_what_to_do_and_fails(tmp_path: Path) -> None:
    done = painel(tmp_path, "smoke", check=False)
    assert done.returncode != 0
    assert "make up" in done.stdout + done.stderr


def test_a_seller_asks_for_an_order_again_and_disconnects(system: System) -> None:
    """The ways that send jobs or call Mercado Livre from the API, with the functions' own rights where CI asks for them."""
    shop = open_shop(system, items=2, orders=3)
    order, account = shop.seller.every("/orders")[0], shop.account["id"]
    shop.seller.simulator("POST", "/_sim/chaos", {"send_notifications": False})
    try:
        shop.seller.simulator("POST", f"/_sim/orders/{order['id']}", {"action": "change", "status": "cancelled"})
        shop.seller.call("POST", f"/orders/{order['id']}/resync", expect=202)
        wait_until(lambda: status_of(shop, order["id"]) == "cancelled", seconds=20, what="the refetch of the order")
    finally:
        shop.seller.simulator("POST", "/_sim/chaos", {"reset": True})
    assert shop.seller.call("POST", f"/ml-accounts/{account}/sync", {"scope": "items"}, expect=202)["runs"]
    assert shop.seller.send("DELETE", f"/ml-accounts/{account}").status_code == 204
    assert shop.seller.call("GET", f"/ml-accounts/{account}", expect=200)["status"] == "DISCONNECTED"
    assert shop.seller.every("/orders"), "what was brought in stays"


def status_of(shop: Shop, order_id: str) -> str:
    return str(shop.seller.call("GET", f"/orders/{order_id}", expect=200)["status"])
