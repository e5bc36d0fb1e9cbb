"""Shipments: a sync brings in what Mercado Livre has, a notification makes one readable, nothing older or foreign gets in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from lambdas.sales.handler import handler as sales
from lambdas.sync_worker.handler import handler as sync_worker
from lambdas.webhook_worker.handler import handler as webhook_worker
from painelml.core import clock
from painelml.core.db import tenant_session
from painelml.core.secrets import secret
from painelml.marketplace.accounts.service import connected_account
from painelml.marketplace.errors import AccessRefused
from painelml.marketplace.shipments.models import read_shipment
from painelml.marketplace.shipments.service import FINAL, apply_shipments
from painelml.sync import service
from painelml.sync.scopes import shipments as scope
from tests.http import Answer, call, gateway
from tests.people import Person, sign_up
from tests.queues import drain, invoke, receive, record
from tests.sellers import connect_and_sync, notification
from tests.servers import Database
from tests.simulator import Simulator
from tests.unit.marketplace.test_shipments import COSTS, FLAT, LINES, NEW, PEOPLE

READS = "GET /shipments/{shipment_id:int}"


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


def every(person: Person, **query: str) -> Iterator[dict[str, Any]]:
    cursor: dict[str, str] = {}
    while True:
        page = call(sales, "GET", "/shipments", caller=person.caller, query={"limit": "20", **query, **cursor})
        assert page.status == 200, page.text
        yield from page.json["data"]
        if page.json["next_cursor"] is None:
            return
        cursor = {"cursor": page.json["next_cursor"]}


def readable(person: Person, shipment_id: int) -> Answer:
    return call(sales, "GET", f"/shipments/{shipment_id}", caller=person.caller)


def tell(seller: int, shipment_id: int) -> None:
    attributes = {"source": "mercado-livre", "path_token": secret("webhooks")["mercado_livre_token"]}
    body = notification(seller, f"/shipments/{shipment_id}", topic="shipments", _id=str(uuid4()))
    assert invoke(webhook_worker, record(body, attributes=attributes)) == []


def parcel_of(sim: Simulator, seller: int, order_id: int) -> int:
    return int(sim.truth(seller)["orders"]["by_id"][str(order_id)]["shipping_id"])


def outbox(database: Database, resource: str) -> list[str]:
    with psycopg.connect(database.superuser_url) as admin:
        rows = admin.execute("select kind from app.outbox_events where resource = %s order by id", [resource])
        return [kind for (kind,) in rows]


def as_truth(shipment: dict[str, Any]) -> dict[str, Any]:
    """A shipment of ours as the simulator's truth says one."""
    return {
        "status": shipment["status"],
        "substatus": shipment["substatus"],
        "order_ids": [int(order_id) for order_id in shipment["order_ids"]],
        "logistic_type": shipment["logistic_type"],
        "seller_cost_cents": shipment["seller_cost"]["amount"],
        "last_updated": shipment["updated_at"],
    }


def as_told(truth: dict[str, Any]) -> dict[str, Any]:
    return {**truth, "order_ids": sorted(truth["order_ids"])}


def apply(person: Person, account_id: UUID, *documents: dict[str, Any], costs: dict[str, Any] | None = COSTS) -> list[int]:
    """As the account's own, whoever the document says sent it."""
    with tenant_session(person.caller.tenant_id) as session:
        account = connected_account(session, account_id)
        mine = [{**document, "sender_id": account.seller_id} for document in documents]
        for document in mine:
            if "origin" in document:
                document["origin"] = {**document["origin"], "sender_id": account.seller_id}
        own = {**costs, "senders": [{"user_id": account.seller_id, "cost": 10.95}]} if costs else None
        return apply_shipments(session, account, [read_shipment(one, costs=own, lines=LINES) for one in mine])


@pytest.mark.req("B005", "A060", "B024")
@pytest.mark.parametrize("legacy", [False, True], ids=["both shapes", "one shape"])
def test_a_sync_brings_in_every_shipment_as_it_is(sim: Simulator, person: Person, legacy: bool) -> None:
    sim.chaos(legacy_shipment_shape=not legacy)
    seller = sim.seller(items=20, orders=150, days=40)
    account_id = connect_and_sync(person, sim, seller)
    truth = sim.truth(seller)["shipments"]
    ours = list(every(person))
    assert {shipment["id"]: as_truth(shipment) for shipment in ours} == {
        shipment_id: as_told(told) for shipment_id, told in truth["by_id"].items()
    }
    assert len(ours) == truth["total"] > 100
    with tenant_session(person.caller.tenant_id) as session:
        runs = {run.scope: run for run in service.status(session, account_id).runs}
    assert runs["shipments"].status == "done"
    assert (runs["shipments"].processed.shipments, runs["shipments"].errors) == (truth["total"], [])
    for status, count in truth["by_status"].items():
        assert len(list(every(person, status=status, account_id=str(account_id)))) == count
    made = [shipment["created_at"] for shipment in ours]
    assert made == sorted(made, reverse=True)


@pytest.mark.req("A060", "A055")
def test_another_tenants_shipments_are_not_found(sim: Simulator, person: Person) -> None:
    connect_and_sync(person, sim, sim.seller(items=2, orders=3))
    shipment = next(every(person))
    rival = sign_up().caller
    assert call(sales, "GET", f"/shipments/{shipment['id']}", caller=rival).status == 404
    query = {"order_id": shipment["order_ids"][0]}
    assert call(sales, "GET", "/shipments", caller=rival, query=query).json["data"] == []


@pytest.mark.req("A024", "B005")
def test_a_notification_makes_a_shipment_readable_before_its_order_is(
    sim: Simulator, person: Person, platform: Database
) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    order_id = sim.order(seller)
    shipment_id = parcel_of(sim, seller, order_id)
    tell(seller, shipment_id)
    tell(seller, shipment_id)
    drain("jobs", sync_worker)
    shipment = readable(person, shipment_id).json
    assert shipment["order_ids"] == [str(order_id)]
    assert shipment["seller_cost"]["currency"] == "BRL"
    assert [one["id"] for one in every(person, order_id=str(order_id))] == [str(shipment_id)]
    assert outbox(platform, f"/shipments/{shipment_id}") == ["shipment.changed"]


@pytest.mark.req("A024")
@pytest.mark.usefixtures("undelayed")
def test_a_shipment_that_is_announced_too_early_is_read_later(sim: Simulator, person: Person) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    sim.chaos(read_after_notify_ms=60_000)
    shipment_id = parcel_of(sim, seller, sim.order(seller))
    tell(seller, shipment_id)
    jobs = receive("jobs")
    assert invoke(sync_worker, *jobs) == [], "put off by a copy, not failed"
    assert readable(person, shipment_id).status == 404
    sim.ask("POST", "/_sim/clock", {"advance_seconds": 61})
    drain("jobs", sync_worker)
    assert readable(person, shipment_id).status == 200


def test_an_order_without_a_shipment_gets_it_with_the_next_run(sim: Simulator, person: Person) -> None:
    seller = sim.seller()
    account_id = connect_and_sync(person, sim, seller)
    order_id = sim.order(seller, shipment=False)
    synchronise(person, account_id)
    assert list(every(person)) == []
    sim.change(order_id, "ship")
    synchronise(person, account_id)
    assert [shipment["order_ids"] for shipment in every(person)] == [[str(order_id)]]


def test_a_cart_is_one_shipment_of_several_orders(sim: Simulator, person: Person) -> None:
    seller = sim.seller()
    pack_id = 2_000_008_899_000_001
    orders = sorted(sim.order(seller, pack_id=pack_id) for _ in range(3))
    connect_and_sync(person, sim, seller)
    assert [shipment["order_ids"] for shipment in every(person)] == [[str(order_id) for order_id in orders]]


def test_the_next_run_reads_what_is_missing_and_what_may_still_move_after_six_hours(
    sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller = sim.seller(items=3, orders=40, days=60)
    account_id = connect_and_sync(person, sim, seller)
    moving = sum(shipment["status"] not in FINAL for shipment in every(person))
    late = sim.order(seller)
    before = sim.calls(READS)
    synchronise(person, account_id)
    assert sim.calls(READS) - before == 1, "the new one alone"
    assert any(shipment["order_ids"] == [str(late)] for shipment in every(person))
    before = sim.calls(READS)
    later = clock.now() + scope.READ_AGAIN + timedelta(minutes=1)
    monkeypatch.setattr(scope, "now", lambda: later)
    synchronise(person, account_id)
    assert sim.calls(READS) - before == moving + 1


def test_a_shipment_that_is_refused_is_told_and_keeps_no_other_back(
    sim: Simulator, person: Person, platform: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One parcel of an order of ours is another seller's, which Mercado Livre refuses."""
    seller, rival = sim.seller(items=3, orders=8), sim.seller()
    foreign = parcel_of(sim, rival, sim.order(rival))
    account_id = connect_and_sync(person, sim, seller)
    count = len(list(every(person)))
    order_id = sim.order(seller)
    synchronise(person, account_id)
    with psycopg.connect(platform.superuser_url, autocommit=True) as admin:
        admin.execute("update app.orders set shipment_id = %s where id = %s", [foreign, order_id])
        admin.execute("delete from app.shipments where account_id = %s", [account_id])
    with tenant_session(person.caller.tenant_id) as session:
        service.start(session, account_id, "shipments", days=90, trigger="manual")
    drain("jobs", sync_worker)
    assert len(list(every(person))) == count
    with tenant_session(person.caller.tenant_id) as session:
        (run,) = [run for run in service.status(session, account_id).runs if run.scope == "shipments"]
    assert run.status == "done"
    assert [(error.code, error.resource) for error in run.errors] == [("shipment_answered_403", str(foreign))]


@pytest.mark.req("B022")
def test_shipments_follow_orders_and_run_once_at_a_time(sim: Simulator, person: Person) -> None:
    account_id = connect_and_sync(person, sim, sim.seller(items=1, orders=3))
    path = f"/ml-accounts/{account_id}/sync"
    body = {"scope": "shipments", "days": 30}
    started = call(gateway, "POST", path, body=body, caller=person.caller)
    assert [(run["scope"], run["trigger"]) for run in started.json["runs"]] == [("shipments", "manual")]
    assert call(gateway, "POST", path, body=body, caller=person.caller).status == 409
    drain("jobs", sync_worker)
    everything = call(gateway, "POST", path, body={"days": 30}, caller=person.caller)
    assert "shipments" not in [run["scope"] for run in everything.json["runs"]], "they start when the orders are in"
    drain("jobs", sync_worker)
    history = call(gateway, "GET", "/sync-runs", query={"account_id": str(account_id)}, caller=person.caller).json["data"]
    of_scope = [(run["trigger"], run["status"], run["days"]) for run in history if run["scope"] == "shipments"]
    assert of_scope == [("manual", "done", 30), ("manual", "done", 30), ("connect", "done", 90)]


# What is written


def test_an_older_document_is_refused_and_a_newer_one_merged(sim: Simulator, person: Person) -> None:
    account_id = connect_and_sync(person, sim, sim.seller())
    assert apply(person, account_id, NEW) == [NEW["id"]]
    older = {**NEW, "last_updated": "2026-11-01T11:59:59.000-04:00", "status": "pending"}
    assert apply(person, account_id, older) == []
    assert readable(person, NEW["id"]).json["status"] == "ready_to_ship"
    newer = {**NEW, "last_updated": "2026-11-01T12:00:01.000-04:00", "status": "shipped", "substatus": None}
    thin = {**newer, "destination": {**NEW["destination"], "shipping_address": None}}
    del thin["tracking_number"], thin["logistic"]
    assert apply(person, account_id, thin, costs=None) == [NEW["id"]]
    held = readable(person, NEW["id"]).json
    assert (held["status"], held["substatus"]) == ("shipped", None)
    assert (held["tracking_number"], held["logistic_type"], held["mode"]) == ("MEL45100000001", "cross_docking", "me2")
    assert held["destination"] == {"zip_code": "20040002", "city": "Rio de Janeiro", "state": "BR-RJ"}
    assert held["seller_cost"] == {"amount": 1095, "currency": "BRL"}


def test_the_flat_shape_of_before_is_written_too(sim: Simulator, person: Person) -> None:
    account_id = connect_and_sync(person, sim, sim.seller())
    assert apply(person, account_id, FLAT) == [FLAT["id"]]
    held = readable(person, FLAT["id"]).json
    assert (held["logistic_type"], held["destination"]["state"], held["seller_cost"]["amount"]) == (
        "cross_docking",
        "BR-RJ",
        1095,
    )


def test_another_sellers_shipment_is_refused(sim: Simulator, person: Person) -> None:
    account_id = connect_and_sync(person, sim, sim.seller())
    with tenant_session(person.caller.tenant_id) as session, pytest.raises(AccessRefused):
        apply_shipments(session, connected_account(session, account_id), [read_shipment(NEW, costs=COSTS)])
    assert readable(person, NEW["id"]).status == 404


@pytest.mark.req("D008")
def test_the_tables_hold_nobodys_name_phone_or_street(sim: Simulator, person: Person, platform: Database) -> None:
    account_id = connect_and_sync(person, sim, sim.seller(items=5, orders=20))
    apply(person, account_id, NEW)
    apply(person, account_id, {**FLAT, "id": 45100000002})
    with psycopg.connect(platform.superuser_url) as admin:
        rows = admin.execute("select s::text from app.shipments as s where account_id = %s", [account_id])
        kept = " ".join(text for (text,) in rows)
    assert "01226010" in kept or "20040002" in kept
    assert [word for word in (*PEOPLE, "Comprador", "street_name") if word in kept] == []


def synchronise(person: Person, account_id: UUID) -> None:
    """A scheduled run of orders, and what follows it."""
    with tenant_session(person.caller.tenant_id) as session:
        service.start_or_revive(session, account_id, "orders")
    drain("jobs", sync_worker)
