"""Notifications: from the queue to the order that a seller reads; each version applied once, whatever comes."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from lambdas.cleanup.handler import handler as cleanup
from lambdas.missed_feeds.handler import handler as missed_feeds
from lambdas.sales.handler import handler as sales
from lambdas.sync_worker.handler import handler as sync_worker
from lambdas.webhook_worker.handler import handler as webhook_worker
from painelml.core import db, queues
from painelml.core.config import config
from painelml.core.secrets import secret
from tests import servers
from tests.http import Context, call
from tests.people import Person, sign_up
from tests.queues import SqsHandler, drain, invoke, receive, record
from tests.sellers import connect_and_sync, notification
from tests.servers import Database
from tests.simulator import Simulator


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


@pytest.fixture
def known_seller(sim: Simulator, person: Person) -> int:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    return seller


def told(body: Any, token: str | None = None, **attributes: str) -> dict[str, Any]:
    """A record of painelml-webhooks as the gateway queues it."""
    return record(body, attributes={**genuine(), **({} if token is None else {"path_token": token}), **attributes})


def genuine() -> dict[str, str]:
    """The attributes that the gateway adds to what was posted to the right path."""
    return {"source": "mercado-livre", "path_token": secret("webhooks")["mercado_livre_token"]}


def rows(database: Database, sql: str, **params: Any) -> list[Any]:
    with psycopg.connect(database.superuser_url) as admin:
        return [row[0] if len(row) == 1 else row for row in admin.execute(sql, params)]


def outbox(database: Database, resource: str) -> list[str]:
    """The versions of a resource that had an effect."""
    return rows(database, "select version from app.outbox_events where resource = %(r)s order by id", r=resource)


def rejected(database: Database, excerpt: str) -> list[str]:
    return rows(
        database,
        "select reason from directory.webhook_rejections where excerpt like %(text)s order by received_at, id",
        text=f"%{excerpt}%",
    )


def readable(person: Person, order_id: int) -> Any:
    return call(sales, "GET", f"/orders/{order_id}", caller=person.caller)


# The way of one notification


@pytest.mark.req("A024", "A033", "B029")
def test_a_notification_makes_its_order_readable(sim: Simulator, person: Person, platform: Database) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    order_id = sim.order(seller)
    assert readable(person, order_id).status == 404
    assert invoke(webhook_worker, told(notification(seller, f"/orders/{order_id}"))) == []
    waiting = receive("jobs")
    assert [one["attributes"]["MessageGroupId"] for one in waiting] == [str(person.caller.tenant_id)]
    assert invoke(sync_worker, *waiting) == []
    assert readable(person, order_id).json["status"]
    assert len(outbox(platform, f"/orders/{order_id}")) == 1
    (status,) = rows(platform, "select status from app.notifications where resource = %(r)s", r=f"/orders/{order_id}")
    assert status == "handled"


@pytest.mark.req("A024")
def test_an_items_notification_brings_the_item_up_to_date(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=1)
    connect_and_sync(person, sim, seller)
    (item_id,) = sim.truth(seller)["items"]["ids"]
    sim.ask("POST", f"/_sim/items/{item_id}", {"price_cents": 4321})
    invoke(webhook_worker, told(notification(seller, f"/items/{item_id}/prices", topic="items")))
    drain("jobs", sync_worker)
    item = call(sales, "GET", f"/items/{item_id}", caller=person.caller).json
    assert item["price"] == {"amount": 4321, "currency": "BRL"}


@pytest.mark.req("A024", "B029")
@pytest.mark.parametrize(
    "bend",
    [
        lambda body: {**body, "user_id": str(body["user_id"])},
        lambda body: {**body, "resource": body["resource"].lstrip("/")},
        lambda body: {**body, "resource": body["resource"].rpartition("/")[2]},
        lambda body: {"id" if name == "_id" else name: value for name, value in body.items()},
        lambda body: {name: value for name, value in body.items() if name != "_id"},
        lambda body: {**body, "application_id": str(body["application_id"]), "recieved": "2026-11-20T12:00:01Z"},
        lambda body: {**body, "actions": ["created"], "sent": None},
    ],
    ids=["string user", "no slash", "bare id", "id", "no id", "string application", "more fields"],
)
def test_the_shapes_of_mercado_livres_own_samples_are_all_read(sim: Simulator, person: Person, bend: Any) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    order_id = sim.order(seller)
    invoke(webhook_worker, told(bend(notification(seller, f"/orders/{order_id}"))))
    drain("jobs", sync_worker)
    assert readable(person, order_id).status == 200


# Once


@pytest.mark.req("A024", "B029")
def test_duplicates_in_one_batch_and_later_cost_one_read(sim: Simulator, person: Person, platform: Database) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    order_id = sim.order(seller)
    body = notification(seller, f"/orders/{order_id}")
    others = [{**body, "_id": f"{body['_id']}-{n}"} for n in range(5)]
    before = sim.calls("GET /orders/{order_id}")
    invoke(webhook_worker, *(told(one) for one in (body, {**body, "attempts": 2}, *others)))
    assert drain("jobs", sync_worker) == 1
    invoke(webhook_worker, *(told(one) for one in (body, *others)))
    assert drain("jobs", sync_worker) == 0
    assert sim.calls("GET /orders/{order_id}") == before + 1
    assert len(outbox(platform, f"/orders/{order_id}")) == 1


@pytest.mark.req("A024")
def test_no_op_notifications_have_no_second_effect(sim: Simulator, person: Person, platform: Database) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    order_id = sim.order(seller)
    for turn in range(4):
        invoke(webhook_worker, told(notification(seller, f"/orders/{order_id}", _id=f"noop-{order_id}-{turn}")))
        drain("jobs", sync_worker)
    assert len(outbox(platform, f"/orders/{order_id}")) == 1


@pytest.mark.req("A024")
def test_each_version_has_one_effect_in_whatever_order_jobs_come(sim: Simulator, person: Person, platform: Database) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    order_id = sim.order(seller, status="confirmed")
    invoke(webhook_worker, told(notification(seller, f"/orders/{order_id}", _id=f"a-{order_id}")))
    first = receive("jobs")
    invoke(sync_worker, *first)
    sim.ask("POST", "/_sim/clock", {"advance_seconds": 5})
    sim.change(order_id, "pay")
    invoke(webhook_worker, told(notification(seller, f"/orders/{order_id}", _id=f"b-{order_id}")))
    second = receive("jobs")
    for replayed in (second, first, second):
        assert invoke(sync_worker, *replayed) == []
    assert readable(person, order_id).json["status"] == "paid"
    versions = outbox(platform, f"/orders/{order_id}")
    assert len(versions) == len(set(versions)) == 2


def test_an_older_document_never_overwrites_a_newer_one(
    sim: Simulator, person: Person, platform: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read that was slow: its answer is from before the change that another worker has written."""
    from painelml.webhooks import refetch

    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    order_id = sim.order(seller, status="confirmed")
    invoke(webhook_worker, told(notification(seller, f"/orders/{order_id}")))
    job = receive("jobs")
    real = refetch._read
    overtaken: list[bool] = []

    def slow(*args: Any) -> Any:
        document = real(*args)
        if not overtaken:
            overtaken.append(True)
            sim.ask("POST", "/_sim/clock", {"advance_seconds": 5})
            sim.change(order_id, "pay")
            invoke(sync_worker, *job)
        return document

    monkeypatch.setattr(refetch, "_read", slow)
    assert invoke(sync_worker, *job) == []
    assert readable(person, order_id).json["status"] == "paid"
    assert len(outbox(platform, f"/orders/{order_id}")) == 1


def test_an_order_that_cannot_be_read_yet_is_tried_again(
    sim: Simulator, person: Person, platform: Database, undelayed: None
) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    sim.chaos(read_after_notify_ms=60_000)
    order_id = sim.order(seller)
    invoke(webhook_worker, told(notification(seller, f"/orders/{order_id}")))
    assert invoke(sync_worker, *receive("jobs")) == []
    assert readable(person, order_id).status == 404
    assert rows(platform, "select deferrals from app.jobs where key like %(k)s", k=f"%%{order_id}") == [1]
    sim.ask("POST", "/_sim/clock", {"advance_seconds": 61})
    assert invoke(sync_worker, *receive("jobs")) == []
    assert readable(person, order_id).status == 200


def test_an_order_that_never_appears_is_given_up(sim: Simulator, person: Person, undelayed: None) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    invoke(webhook_worker, told(notification(seller, "/orders/2000099999999999")))
    assert drain("jobs", sync_worker) == 6


# What is not acted upon


@pytest.mark.req("A024")
def test_an_unknown_topic_is_stored_and_ignored(sim: Simulator, person: Person, platform: Database) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    body = notification(seller, "/novelties/1", topic="marketplace_novelties", _id=f"new-{seller}")
    assert invoke(webhook_worker, told(body)) == []
    assert receive("jobs") == []
    assert rows(platform, "select status from app.notifications where event_key = %(k)s", k=f"new-{seller}") == ["ignored"]


@pytest.mark.parametrize(
    ("change", "token", "reason"),
    [
        ({}, "", "wrong_token"),
        ({}, "tok&MessageBody=FORGED", "wrong_token"),
        ({}, "tok%26Action=PurgeQueue", "wrong_token"),
        ({"application_id": 1}, None, "foreign_application"),
        ({"application_id": True}, None, "foreign_application"),
        ({"user_id": "12; drop table"}, None, "malformed"),
        ({"user_id": None}, None, "malformed"),
        ({"topic": "a\x00b"}, None, "malformed"),
        ({"topic": 7}, None, "malformed"),
        ({"resource": "/orders/../users/me"}, None, "bad_resource"),
        ({"resource": "/orders/1?access_token=x"}, None, "bad_resource"),
        ({"resource": "https://evil.example/orders/1"}, None, "bad_resource"),
        ({"resource": "/orders/١٢٣"}, None, "bad_resource"),
        ({"resource": ["/orders/1"]}, None, "malformed"),
        ({"user_id": 999999999999}, None, "unknown_seller"),
    ],
)
def test_what_is_refused_is_filed_with_its_reason(
    known_seller: int, platform: Database, change: dict[str, Any], token: str | None, reason: str
) -> None:
    mark = str(uuid4().int)[:17]
    body = {**notification(known_seller, f"/orders/{mark}"), "attempts": int(mark), **change}
    assert invoke(webhook_worker, told(body, token)) == []
    assert receive("jobs") == []
    assert rejected(platform, mark) == [reason]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("not json", "malformed"),
        ("[1, 2]", "malformed"),
        ("null", "malformed"),
        ("a=1&b=%26c", "malformed"),
        ("[" * 15_000, "malformed"),
        ("x" * (16 * 1024 + 1), "too_large"),
    ],
)
def test_bodies_that_are_no_notification_are_filed(platform: Database, body: str, reason: str) -> None:
    before = len(rejected(platform, "length"))
    assert invoke(webhook_worker, told(body)) == []
    assert rejected(platform, "length")[before:] == [reason]


def test_a_bad_body_does_not_hold_up_its_batch(sim: Simulator, person: Person) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    order_id = sim.order(seller)
    assert invoke(webhook_worker, told("{"), told(notification(seller, f"/orders/{order_id}")), told("", "x")) == []
    drain("jobs", sync_worker)
    assert readable(person, order_id).status == 200


def test_no_excerpt_holds_more_than_known_fields(platform: Database) -> None:
    invoke(webhook_worker, told({"topic": "orders_v2", "buyer_email": "pessoa@example.com", "attempts": 424242}))
    (excerpt,) = rows(platform, "select excerpt from directory.webhook_rejections where excerpt like '%%424242%%'")
    assert "example.com" not in excerpt
    assert set(json.loads(excerpt)) == {"topic", "attempts", "length", "sha256"}


@pytest.mark.req("A055")
def test_a_forged_notification_brings_in_no_strangers_order(sim: Simulator, person: Person, platform: Database) -> None:
    mine, theirs = sim.seller(), sim.seller(orders=1)
    connect_and_sync(person, sim, mine)
    (order_id,) = sim.truth(theirs)["orders"]["ids"]
    invoke(webhook_worker, told(notification(mine, f"/orders/{order_id}")))
    drain("jobs", sync_worker)
    assert rows(platform, "select id from app.orders where id = %(id)s", id=order_id) == []
    assert outbox(platform, f"/orders/{order_id}") == []


def test_tenants_of_one_batch_are_kept_apart(sim: Simulator, platform: Database) -> None:
    people = [sign_up(), sign_up()]
    sellers = [sim.seller(), sim.seller()]
    for person, seller in zip(people, sellers, strict=True):
        connect_and_sync(person, sim, seller)
    orders = [sim.order(seller) for seller in sellers]
    bodies = [notification(seller, f"/orders/{order}") for seller, order in zip(sellers, orders, strict=True)]
    assert invoke(webhook_worker, *(told(body) for body in bodies)) == []
    drain("jobs", sync_worker)
    statuses = [[readable(person, order).status for order in orders] for person in people]
    assert statuses == [[200, 404], [404, 200]]


def test_what_was_told_long_ago_is_forgotten(sim: Simulator, person: Person, platform: Database) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    order_id = sim.order(seller)
    invoke(webhook_worker, told(notification(seller, f"/orders/{order_id}")), told({"attempts": 565656}))
    drain("jobs", sync_worker)
    with psycopg.connect(platform.superuser_url) as admin:
        admin.execute("update app.notifications set received_at = received_at - interval '31 days'")
        admin.execute("update directory.webhook_rejections set received_at = received_at - interval '31 days'")
    gone = cleanup({}, Context())
    assert gone["notifications"] >= 1
    assert gone["webhook_rejections"] >= 1
    assert rejected(platform, "565656") == []
    assert readable(person, order_id).status == 200
    assert cleanup({}, Context())["notifications"] == 0


# Resync and missed feeds


def test_an_order_can_be_asked_for_again(sim: Simulator, person: Person) -> None:
    seller = sim.seller()
    order_id = sim.order(seller, status="paid")
    connect_and_sync(person, sim, seller)
    sim.ask("POST", "/_sim/clock", {"advance_seconds": 5})
    sim.change(order_id, "cancel", announce=False)
    assert readable(person, order_id).json["status"] != "cancelled"
    assert call(sales, "POST", f"/orders/{order_id}/resync", caller=person.caller).status == 202
    drain("jobs", sync_worker)
    assert readable(person, order_id).json["status"] == "cancelled"


def undelivered(sim: Simulator, seller: int, count: int) -> list[int]:
    """New orders that end in the missed feeds."""
    sim.ask("PUT", "/_sim/app", {"client_id": "4929174000000000", "notifications_url": "http://127.0.0.1:9/refuses"})
    try:
        sim.chaos(retry_scale=0.0)
        orders = [sim.order(seller) for _ in range(count)]
        servers.wait_until(
            lambda: sim.ask("GET", f"/_sim/deliveries?seller_id={seller}")["waiting"] == 0,
            seconds=20,
            what="giving up the deliveries",
        )
    finally:
        sim.ask("PUT", "/_sim/app", {"client_id": "4929174000000000", "notifications_url": None})
    return orders


@pytest.mark.req("A024")
def test_the_sweep_brings_back_what_was_never_delivered(sim: Simulator, person: Person, platform: Database) -> None:
    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    orders = undelivered(sim, seller, 25)
    assert missed_feeds({}, Context())["jobs"] >= 25
    drain("jobs", sync_worker)
    assert {readable(person, order_id).status for order_id in orders} == {200}
    assert missed_feeds({}, Context())["jobs"] == 0


def test_what_one_sweep_leaves_the_next_one_reaches(sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The feed goes on showing what was taken in, oldest first, so a sweep must get past it."""
    from painelml.webhooks import missed

    seller = sim.seller()
    connect_and_sync(person, sim, seller)
    while missed_feeds({}, Context())["jobs"]:
        drain("jobs", sync_worker)
    orders = undelivered(sim, seller, 35)
    monkeypatch.setattr(missed, "PAGES", 1)
    for _ in range(5):
        missed_feeds({}, Context())
        drain("jobs", sync_worker)
    assert {readable(person, order_id).status for order_id in orders} == {200}


# Without PostgreSQL


def applied_twice(database: Database) -> list[Any]:
    """Resources of which a version had more than one effect."""
    return rows(
        database,
        "select resource from app.outbox_events group by tenant_id, resource, version having count(*) > 1",
    )


@pytest.fixture
def scratch(sim: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Generator[Database]:
    """A PostgreSQL of this test's own, with our handlers pointed at it: it may be damaged and killed."""
    usual = os.environ["PAINEL_DATABASE_URL"]
    made = servers.make_database(tmp_path_factory.mktemp("scratch"))
    try:
        _point_at(made.app_url)
        yield made
    finally:
        _point_at(usual)
        made.server.stop()


def _point_at(url: str) -> None:
    os.environ["PAINEL_DATABASE_URL"] = url
    config.cache_clear()
    db.disconnect()


@pytest.mark.req("A024")
def test_without_the_inbox_key_the_effect_happens_twice(sim: Simulator, scratch: Database) -> None:
    """The mutant that proves that the check sees something."""
    with psycopg.connect(scratch.superuser_url, autocommit=True) as admin:
        admin.execute("alter table app.inbox_events drop constraint inbox_events_pkey")
    seller, person = sim.seller(), sign_up()
    connect_and_sync(person, sim, seller)
    order_id = sim.order(seller)
    for turn in range(2):
        invoke(webhook_worker, told(notification(seller, f"/orders/{order_id}", _id=f"twice-{order_id}-{turn}")))
        drain("jobs", sync_worker)
    assert applied_twice(scratch) == [f"/orders/{order_id}"]


@pytest.mark.req("A024", "A033")
def test_killing_postgresql_among_200_notifications_loses_none(sim: Simulator, scratch: Database, undelayed: None) -> None:
    seller, person = sim.seller(items=5), sign_up()
    connect_and_sync(person, sim, seller)
    orders = sim.ask("POST", "/_sim/storm", {"seller_ids": [seller], "orders_each": 100})["order_ids"][str(seller)]
    for order_id in orders:
        for turn in range(2):
            body = notification(seller, f"/orders/{order_id}", _id=f"storm-{order_id}-{turn}")
            queues.send(os.environ["PAINEL_QUEUE_WEBHOOKS"], json.dumps(body), attributes=genuine())
    works: list[tuple[str, SqsHandler]] = [("webhooks", webhook_worker), ("jobs", sync_worker)]
    _work_some(works, batches=8)
    scratch.server.kill()
    _work_some(works, batches=4)
    scratch.server.start()
    for queue, handler in works:
        drain(queue, handler)
    held = rows(scratch, "select id from app.orders")
    assert sorted(held) == sorted(orders)
    assert applied_twice(scratch) == []
    assert len(rows(scratch, "select id from app.outbox_events")) == len(orders)
    assert rows(scratch, "select count(*) from app.notifications where status = 'handled'") == [200]


def _work_some(works: list[tuple[str, SqsHandler]], *, batches: int) -> None:
    for _ in range(batches):
        for queue, handler in works:
            if records := receive(queue):
                assert invoke(handler, *records) == []
