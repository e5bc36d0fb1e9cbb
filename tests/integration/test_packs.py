"""Carts: several orders and one parcel, whose freight counts once."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.sales.handler import handler as sales
from tests.http import call
from tests.people import Person, sign_up
from tests.sellers import connect_and_sync
from tests.servers import Database
from tests.simulator import Simulator

PACK = 2_000_008_877_000_001


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


def pack(person: Person, pack_id: int) -> Any:
    return call(sales, "GET", f"/packs/{pack_id}", caller=person.caller)


def in_pack(person: Person, pack_id: int, **query: str) -> list[str]:
    found = call(sales, "GET", "/orders", caller=person.caller, query={"pack_id": str(pack_id), **query})
    assert found.status == 200, found.text
    return sorted(order["id"] for order in found.json["data"])


def test_a_packs_parcel_counts_once(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=3, orders=10)
    bought = [sim.order(seller, pack_id=PACK, quantity=1, unit_price_cents=price) for price in (1_000, 2_500, 4_990)]
    cancelled = sim.order(seller, pack_id=PACK, unit_price_cents=9_999)
    sim.change(cancelled, "cancel", by="buyer")
    account_id = connect_and_sync(person, sim, seller)
    truth = sim.truth(seller)
    shipment_id = truth["orders"]["by_id"][str(bought[0])]["shipping_id"]
    found = pack(person, PACK).json
    assert (found["id"], found["account_id"]) == (str(PACK), str(account_id))
    assert [order["id"] for order in found["orders"]] == [str(order_id) for order_id in sorted([*bought, cancelled])]
    assert found["total"] == {"amount": 8_490, "currency": "BRL"}
    assert found["paid"]["amount"] == 8_490
    kept = [order for order in found["orders"] if order["id"] != str(cancelled)]
    assert found["marketplace_fee"]["amount"] == sum(order["marketplace_fee"]["amount"] for order in kept)
    assert [shipment["id"] for shipment in found["shipments"]] == [str(shipment_id)]
    assert found["seller_shipping"]["amount"] == truth["shipments"]["by_id"][str(shipment_id)]["seller_cost_cents"]
    assert found["receiver_shipping"] == found["shipments"][0]["receiver_cost"]
    assert in_pack(person, PACK) == sorted(str(order_id) for order_id in [*bought, cancelled])
    assert in_pack(person, PACK, status="cancelled") == [str(cancelled)]


def test_an_order_without_a_pack_is_its_own(sim: Simulator, person: Person) -> None:
    seller = sim.seller()
    order_id = sim.order(seller, pack_id=None)
    connect_and_sync(person, sim, seller)
    assert [order["id"] for order in pack(person, order_id).json["orders"]] == [str(order_id)]
    assert in_pack(person, order_id) == [str(order_id)]


def test_an_order_in_a_pack_is_no_pack_of_its_own(sim: Simulator, person: Person) -> None:
    seller = sim.seller()
    order_id = sim.order(seller, pack_id=PACK + 1)
    connect_and_sync(person, sim, seller)
    assert pack(person, order_id).status == 404
    assert in_pack(person, order_id) == []


@pytest.mark.req("A055")
def test_another_tenants_pack_is_not_found(sim: Simulator, person: Person) -> None:
    seller = sim.seller()
    sim.order(seller, pack_id=PACK + 2)
    connect_and_sync(person, sim, seller)
    assert pack(person, PACK + 2).status == 200
    assert pack(sign_up(), PACK + 2).status == 404
    assert in_pack(sign_up(), PACK + 2) == []


def test_a_pack_id_is_a_number(person: Person) -> None:
    assert call(sales, "GET", "/packs/x1", caller=person.caller).status == 400
