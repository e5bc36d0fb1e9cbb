"""Payments: with their orders and by themselves, each version once, and never an order's money twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from lambdas.sales.handler import handler as sales
from lambdas.sync_worker.handler import handler as sync_worker
from lambdas.webhook_worker.handler import handler as webhook_worker
from painelml.core.db import tenant_session
from painelml.core.secrets import secret
from painelml.marketplace.accounts.service import connected_account
from painelml.marketplace.errors import AccessRefused
from painelml.marketplace.payments.models import read_payment
from painelml.marketplace.payments.service import apply_payments
from painelml.sync import service
from tests.http import call
from tests.people import Person, sign_up
from tests.queues import drain, invoke, record
from tests.sellers import connect_and_sync, notification
from tests.servers import Database
from tests.simulator import Simulator
from tests.unit.marketplace.test_payments import COLLECTION, ENTRY


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


def every(person: Person, **query: str) -> Iterator[dict[str, Any]]:
    cursor: dict[str, str] = {}
    while True:
        page = call(sales, "GET", "/payments", caller=person.caller, query={"limit": "30", **query, **cursor})
        assert page.status == 200, page.text
        yield from page.json["data"]
        if page.json["next_cursor"] is None:
            return
        cursor = {"cursor": page.json["next_cursor"]}


def tell(seller: int, *told: tuple[str, str]) -> None:
    attributes = {"source": "mercado-livre", "path_token": secret("webhooks")["mercado_livre_token"]}
    bodies = [notification(seller, resource, topic=topic, _id=str(uuid4())) for topic, resource in told]
    assert invoke(webhook_worker, *(record(body, attributes=attributes) for body in bodies)) == []


def outbox(database: Database, *resources: str) -> list[str]:
    with psycopg.connect(database.superuser_url) as admin:
        rows = admin.execute("select kind from app.outbox_events where resource = any (%s) order by kind", [list(resources)])
        return [kind for (kind,) in rows]


def payment_of(sim: Simulator, seller: int, order_id: int) -> int:
    return int(sim.truth(seller)["orders"]["by_id"][str(order_id)]["payment_id"])


def apply(person: Person, account_id: UUID, **changed: Any) -> list[int]:
    with tenant_session(person.caller.tenant_id) as session:
        account = connected_account(session, account_id)
        document = {**COLLECTION, "collector": {"id": account.seller_id}, **changed}
        return apply_payments(session, account, [read_payment(document)])


@pytest.mark.req("B024")
def test_a_sync_brings_in_every_payment_as_it_is(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=10, orders=120, days=60)
    account_id = connect_and_sync(person, sim, seller)
    truth = sim.truth(seller)["payments"]
    ours = list(every(person, account_id=str(account_id)))
    assert {payment["id"]: as_truth(payment) for payment in ours} == truth["by_id"]
    assert len(ours) == truth["total"] > 60
    assert sum(payment["amount"]["amount"] for payment in ours) == truth["amount_cents"]
    for status, count in truth["by_status"].items():
        assert len(list(every(person, status=status))) == count
    ids = [int(payment["id"]) for payment in ours]
    assert ids == sorted(ids, reverse=True)
    with tenant_session(person.caller.tenant_id) as session:
        (run,) = [run for run in service.status(session, account_id).runs if run.scope == "orders"]
    assert run.processed.payments == truth["total"]


def as_truth(payment: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": payment["status"],
        "order_id": int(payment["order_id"]),
        "amount_cents": payment["amount"]["amount"],
        "refunded_cents": payment["refunded"]["amount"],
        "last_modified": payment["updated_at"],
    }


@pytest.mark.req("A024")
def test_a_notification_makes_a_payment_readable_before_its_order_is(
    sim: Simulator, person: Person, platform: Database
) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    order_id = sim.order(seller)
    payment_id = payment_of(sim, seller, order_id)
    tell(seller, ("payments", f"/collections/{payment_id}"))
    drain("jobs", sync_worker)
    (payment,) = every(person, order_id=str(order_id))
    assert (payment["id"], payment["fee"]["currency"]) == (str(payment_id), "BRL")
    assert payment["net_received"] and payment["released_at"]
    assert call(sales, "GET", f"/orders/{order_id}", caller=person.caller).status == 404
    assert outbox(platform, f"/collections/{payment_id}") == ["payment.changed"]


@pytest.mark.req("A024", "B029")
def test_an_orders_effect_is_not_doubled_by_its_payment(sim: Simulator, person: Person, platform: Database) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    order_id = sim.order(seller)
    payment_id = payment_of(sim, seller, order_id)
    both = (("orders_v2", f"/orders/{order_id}"), ("payments", f"/collections/{payment_id}"))
    for _ in range(3):
        tell(seller, *both, both[1])
        drain("jobs", sync_worker)
    assert outbox(platform, both[0][1], both[1][1]) == ["order.changed", "payment.changed"]
    order = call(sales, "GET", f"/orders/{order_id}", caller=person.caller).json
    (payment,) = every(person, order_id=str(order_id))
    assert order["marketplace_fee"] == payment["fee"]
    assert order["total"] == payment["amount"]


def test_a_refund_is_seen_through_the_payment_and_through_the_order(sim: Simulator, person: Person) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    order_id = sim.order(seller, quantity=2)
    tell(seller, ("orders_v2", f"/orders/{order_id}"))
    drain("jobs", sync_worker)
    sim.change(order_id, "refund", amount_cents=150)
    tell(seller, ("payments", f"/collections/{payment_of(sim, seller, order_id)}"))
    drain("jobs", sync_worker)
    (payment,) = every(person, order_id=str(order_id))
    assert payment["refunded"] == {"amount": 150, "currency": "BRL"}
    tell(seller, ("orders_v2", f"/orders/{order_id}"))
    drain("jobs", sync_worker)
    (again,) = every(person, order_id=str(order_id))
    assert again == payment


def test_an_older_payment_is_refused_and_an_orders_entry_erases_nothing(sim: Simulator, person: Person) -> None:
    account_id = connect_and_sync(person, sim, sim.seller())
    assert apply(person, account_id) == [COLLECTION["id"]]
    assert apply(person, account_id, last_modified="2026-11-01T10:59:59.000-04:00", status="rejected") == []
    (held,) = every(person)
    assert (held["status"], held["net_received"]["amount"], held["refunded"]["amount"]) == ("approved", 8284, 1050)
    with tenant_session(person.caller.tenant_id) as session:
        account = connected_account(session, account_id)
        entry = {**ENTRY, "date_last_modified": "2026-11-01T12:00:00.000-04:00", "status": "refunded", "status_detail": None}
        known = {"seller_id": account.seller_id, "currency_id": "BRL"}
        assert apply_payments(session, account, [read_payment(entry, **known)]) == [ENTRY["id"]]
    (merged,) = every(person)
    assert (merged["status"], merged["status_detail"]) == ("refunded", None)
    assert (merged["net_received"], merged["released_at"]) == (held["net_received"], held["released_at"])


def test_another_sellers_payment_is_refused(sim: Simulator, person: Person) -> None:
    account_id = connect_and_sync(person, sim, sim.seller())
    with pytest.raises(AccessRefused):
        apply(person, account_id, collector={"id": 5})
    assert list(every(person)) == []


@pytest.mark.req("A055")
def test_another_tenants_payments_are_not_shown(sim: Simulator, person: Person) -> None:
    connect_and_sync(person, sim, sim.seller(orders=5))
    payment = next(every(person))
    rival = sign_up()
    assert list(every(rival)) == list(every(rival, order_id=payment["order_id"])) == []


@pytest.mark.parametrize(
    "query", [{"order_id": "x"}, {"order_id": "0"}, {"status": "A;"}, {"cursor": "WyJ4Il0"}, {"limit": "0"}]
)
def test_bad_parameters_are_told(person: Person, query: dict[str, str]) -> None:
    assert call(sales, "GET", "/payments", caller=person.caller, query=query).status == 400
