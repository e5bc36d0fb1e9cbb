"""Reading again what notifications point at: once however many point, again if one comes meanwhile, and each on its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from lambdas.sales.handler import handler as sales
from lambdas.sync_worker.handler import handler as sync_worker
from lambdas.webhook_worker.handler import handler as webhook_worker
from painelml.core import lanes
from painelml.core.clock import now
from painelml.core.secrets import secret
from painelml.marketplace import resources
from painelml.marketplace.orders import kind as orders
from painelml.webhooks import refetch
from tests.http import call, gateway
from tests.people import Person, sign_up
from tests.queues import drain, invoke, receive, record
from tests.sellers import connect_and_sync, notification
from tests.servers import Database
from tests.simulator import Simulator


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


@pytest.fixture
def seller(sim: Simulator, person: Person) -> int:
    made = sim.seller(items=3)
    connect_and_sync(person, sim, made)
    return made


def tell(seller: int, *orders: int) -> None:
    """One notification for each, in one batch, every time with a new id."""
    attributes = {"source": "mercado-livre", "path_token": secret("webhooks")["mercado_livre_token"]}
    bodies = [notification(seller, f"/orders/{order_id}", _id=str(uuid4())) for order_id in orders]
    assert invoke(webhook_worker, *(record(body, attributes=attributes) for body in bodies)) == []


def pending(database: Database) -> dict[str, bool]:
    """Resources that wait to be read, and whether something came while they were read."""
    with psycopg.connect(database.superuser_url) as admin:
        return dict(admin.execute("select resource, again from app.refetches"))


def reads(sim: Simulator) -> int:
    """How often any order was read by its id."""
    counted = sim.ask("GET", "/_sim/requests")["by_endpoint"].get("GET /orders/{order_id}", {"count": 0})
    return int(counted["count"])


def status_of(person: Person, order_id: int) -> str:
    return str(call(sales, "GET", f"/orders/{order_id}", caller=person.caller).json["status"])


@pytest.mark.req("A024", "B029")
def test_five_notifications_of_one_order_cost_one_read(sim: Simulator, person: Person, seller: int, platform: Database) -> None:
    order_id = sim.order(seller)
    for _ in range(5):
        tell(seller, order_id)
    before = reads(sim)
    assert drain("jobs", sync_worker) == 1
    assert reads(sim) - before == 1
    assert status_of(person, order_id) == "paid"
    assert pending(platform) == {}


def test_what_comes_while_an_order_is_read_has_it_read_again(
    sim: Simulator, person: Person, seller: int, platform: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = sim.order(seller)
    tell(seller, order_id)
    jobs = receive("jobs")

    def overtaken(api: Any, wanted: str) -> Any:
        """The order is cancelled, and told of, after it was read and before that is written."""
        document = orders.KIND.fetch(api, wanted)
        sim.ask("POST", f"/_sim/orders/{order_id}", {"action": "cancel", "by": "buyer"})
        tell(seller, order_id)
        return document

    monkeypatch.setitem(resources.TOPICS, "orders_v2", replace(orders.KIND, fetch=overtaken))
    assert invoke(sync_worker, *jobs) == []
    monkeypatch.undo()
    assert status_of(person, order_id) == "paid"
    assert pending(platform) == {f"/orders/{order_id}": True}
    assert drain("jobs", sync_worker) == 1
    assert status_of(person, order_id) == "cancelled"
    assert pending(platform) == {}


def test_a_job_that_was_lost_is_sent_again_by_the_next_scheduled_sync(
    sim: Simulator, person: Person, seller: int, platform: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = sim.order(seller)
    tell(seller, order_id)
    assert len(receive("jobs")) == 1, "taken off the queue by a worker that died"
    tell(seller, order_id)
    assert receive("jobs") == []
    start = {
        "kind": "sync_start",
        "tenant_id": str(person.caller.tenant_id),
        "account_id": call(gateway, "GET", "/ml-accounts", caller=person.caller).json["data"][0]["id"],
        "scope": "items",
    }
    assert invoke(sync_worker, record(start)) == []
    assert pending(platform) == {f"/orders/{order_id}": True}, "it may still be on its way"
    later = now() + refetch.LOST + timedelta(seconds=1)
    for module in (refetch, lanes):
        monkeypatch.setattr(module, "now", lambda: later)
    assert invoke(sync_worker, record(start)) == []
    monkeypatch.undo()
    drain("jobs", sync_worker)
    assert status_of(person, order_id) == "paid"
    assert pending(platform) == {}


def test_a_document_that_cannot_be_written_keeps_no_other_back(
    sim: Simulator, person: Person, seller: int, platform: Database
) -> None:
    bad, good = sim.order(seller), sim.order(seller)
    with psycopg.connect(platform.superuser_url, autocommit=True) as admin:
        admin.execute(f"alter table app.orders add constraint planted check (id <> {bad}) not valid")
        try:
            tell(seller, bad, good)
            assert invoke(sync_worker, *receive("jobs")) == []
            (poison,) = receive("jobs")
            assert str(bad) in poison["body"], "it goes the queue's own way"
            assert invoke(sync_worker, poison) == [poison["messageId"]]
        finally:
            admin.execute("alter table app.orders drop constraint planted")
    assert status_of(person, good) == "paid"
    assert call(sales, "GET", f"/orders/{bad}", caller=person.caller).status == 404
    assert pending(platform) == {f"/orders/{bad}": False}


@pytest.mark.req("B034")
def test_a_batch_is_read_at_the_same_time(sim: Simulator, person: Person, seller: int) -> None:
    made = [sim.order(seller) for _ in range(lanes.READS)]
    tell(seller, *made)
    jobs = receive("jobs")
    assert len(jobs) == 1, "one turn for all of them"
    together = Barrier(lanes.READS, timeout=30)

    def waiting(api: Any, wanted: str) -> Any:
        """Goes on only when all of them are here."""
        together.wait()
        return orders.KIND.fetch(api, wanted)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(resources.TOPICS, "orders_v2", replace(orders.KIND, fetch=waiting))
        assert invoke(sync_worker, *jobs) == []
    assert {status_of(person, order_id) for order_id in made} == {"paid"}
