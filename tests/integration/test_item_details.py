"""Listings in detail: variations, and what a buyer pays now; synced, told of, never older than what is held."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from lambdas.sales.handler import handler as sales
from lambdas.sync_worker.handler import handler as sync_worker
from lambdas.webhook_worker.handler import handler as webhook_worker
from painelml.core.db import tenant_session
from painelml.core.secrets import secret
from painelml.marketplace.accounts.service import connected_account
from painelml.marketplace.items.models import read_item, read_sale_price
from painelml.marketplace.items.service import apply_items, apply_sale_prices
from painelml.sync import service
from tests.http import call
from tests.people import Person, sign_up
from tests.queues import drain, invoke, record
from tests.sellers import connect_and_sync, notification
from tests.servers import Database
from tests.simulator import Simulator

SALE_PRICE = "GET /items/{item_id}/sale_price"


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


def every(person: Person) -> Iterator[dict[str, Any]]:
    """All listings in detail."""
    for item in call(sales, "GET", "/items", caller=person.caller, query={"limit": "100"}).json["data"]:
        yield one(person, item["id"])


def one(person: Person, item_id: str) -> dict[str, Any]:
    answer = call(sales, "GET", f"/items/{item_id}", caller=person.caller)
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def tell(seller: int, item_id: str, topic: str, resource: str) -> None:
    attributes = {"source": "mercado-livre", "path_token": secret("webhooks")["mercado_livre_token"]}
    body = notification(seller, resource.format(item_id), topic=topic, _id=str(uuid4()))
    assert invoke(webhook_worker, record(body, attributes=attributes)) == []
    drain("jobs", sync_worker)


@pytest.mark.req("B003")
def test_a_sync_brings_variations_and_prices_as_mercado_livre_has_them(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=40, variations=0.5)
    connect_and_sync(person, sim, seller)
    truth = sim.truth(seller)["items"]["by_id"]
    listed = list(every(person))
    assert {item["id"] for item in listed} == set(truth)
    assert any(item["variations"] for item in listed)
    for item in listed:
        told = truth[item["id"]]
        assert len(item["variations"]) == told["variations"]
        if item["variations"]:
            assert sum(one["available_quantity"] for one in item["variations"]) == told["available_quantity"]
            assert {one["price"]["amount"] for one in item["variations"]} == {told["price_cents"]}
            assert all(one["seller_sku"] and one["combination"][0]["value"] for one in item["variations"])
        if item["status"] != "closed":
            assert item["sale_price"] == {"amount": told["price_cents"], "currency": "BRL"}
            assert item["priced_at"]
        if item["promotion"]:
            assert item["regular_price"]["amount"] > item["sale_price"]["amount"]


def test_a_scan_asks_only_for_the_prices_of_what_has_changed(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=20)
    account_id = connect_and_sync(person, sim, seller)
    item_id = next(item["id"] for item in every(person) if item["status"] == "active")
    sim.ask("POST", f"/_sim/items/{item_id}", {"price_cents": 4321})
    before = sim.calls(SALE_PRICE)
    scan(person, account_id)
    assert sim.calls(SALE_PRICE) - before == 1
    assert one(person, item_id)["sale_price"]["amount"] == 4321


@pytest.mark.req("A024", "B029")
@pytest.mark.parametrize(
    ("topic", "resource"),
    [("items_prices", "/items/{}/prices"), ("items", "/items/{}/prices"), ("items", "/items/{}")],
)
def test_a_notification_brings_the_price_and_the_variations(sim: Simulator, person: Person, topic: str, resource: str) -> None:
    seller = sim.seller(items=1, variations=1)
    connect_and_sync(person, sim, seller)
    (item_id,) = sim.truth(seller)["items"]["ids"]
    sim.ask("POST", f"/_sim/items/{item_id}", {"price_cents": 7777})
    tell(seller, item_id, topic, resource)
    item = one(person, item_id)
    assert (item["price"]["amount"], item["sale_price"]["amount"]) == (7777, 7777)
    assert len(item["variations"]) == sim.truth(seller)["items"]["by_id"][item_id]["variations"]


def test_what_is_older_or_absent_changes_nothing(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=1, variations=1)
    account_id = connect_and_sync(person, sim, seller)
    (before,) = every(person)
    bare = {
        "id": before["id"],
        "seller_id": seller,
        "status": "active",
        "currency_id": "BRL",
        "last_updated": before["updated_at"],
    }
    fresh = read_item(bare)
    asked_at = fresh.updated_at - timedelta(days=1)
    with tenant_session(person.caller.tenant_id) as session:
        account = connected_account(session, account_id)
        assert apply_items(session, account, [fresh]) == [before["id"]]
        apply_sale_prices(session, [read_sale_price(before["id"], {"amount": 0.01}, asked_at=asked_at)])
    after = one(person, before["id"])
    assert (after["variations"], after["sale_price"]) == (before["variations"], before["sale_price"])
    assert (after["price"], after["available_quantity"]) == (before["price"], before["available_quantity"])
    first = before["variations"][0]
    with tenant_session(person.caller.tenant_id) as session:
        apply_items(session, account, [read_item({**bare, "variations": [{"id": first["id"], "available_quantity": 9}]})])
    (left,) = one(person, before["id"])["variations"]
    assert left == {**first, "available_quantity": 9}


def test_an_item_without_a_price_is_asked_about_once(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=3)
    sim.chaos(error_rate=1.0, error_status=400, error_body="json", error_prefix="/items/MLB")
    account_id = connect_and_sync(person, sim, seller)
    sim.calm()
    assert {item["sale_price"] for item in every(person)} == {None}
    before = sim.calls(SALE_PRICE)
    scan(person, account_id)
    assert sim.calls(SALE_PRICE) == before


@pytest.mark.req("A055")
def test_anothers_price_is_not_written(sim: Simulator, person: Person) -> None:
    connect_and_sync(person, sim, sim.seller(items=1))
    (mine,) = every(person)
    rival = sign_up()
    with tenant_session(rival.caller.tenant_id) as session:
        stamp = read_item({**TINY, "id": mine["id"]}).updated_at
        apply_sale_prices(session, [read_sale_price(mine["id"], {"amount": 1}, asked_at=stamp)])
    assert one(person, mine["id"])["sale_price"] == mine["sale_price"]
    assert call(sales, "GET", f"/items/{mine['id']}", caller=rival.caller).status == 404


TINY = {"id": "MLB1", "seller_id": 1, "status": "active", "currency_id": "BRL", "last_updated": "2099-11-01T00:00:00Z"}


def scan(person: Person, account_id: UUID) -> None:
    with tenant_session(person.caller.tenant_id) as session:
        assert service.start(session, account_id, "items", days=90, trigger="manual")
    drain("jobs", sync_worker)
