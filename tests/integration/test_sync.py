"""Syncs: first, incremental, by schedule; refused twice, resumed, and equal to what Mercado Livre has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from lambdas.sales.handler import handler as sales
from lambdas.sync_dispatcher.handler import handler as dispatcher
from lambdas.sync_worker.handler import handler as sync_worker
from painelml.core import clock, lanes
from painelml.core.errors import RetryLater
from painelml.sync import service, work
from painelml.sync.models import PageJob
from painelml.sync.scopes import SPECS, items, orders
from tests.gate import forget_gate
from tests.http import Context, call, gateway
from tests.people import Person, sign_up
from tests.queues import drain, invoke, receive, record
from tests.sellers import connect, connect_and_sync
from tests.servers import Database
from tests.simulator import Simulator


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


def every(person: Person, path: str, **query: str) -> Iterator[dict[str, Any]]:
    """All rows of a list, page by page."""
    cursor: dict[str, str] = {}
    while True:
        page = call(sales, "GET", path, caller=person.caller, query={"limit": "100", **query, **cursor})
        assert page.status == 200, page.text
        yield from page.json["data"]
        if page.json["next_cursor"] is None:
            return
        cursor = {"cursor": page.json["next_cursor"]}


def runs_of(person: Person, account_id: UUID) -> dict[str, dict[str, Any]]:
    """The newest run of each scope."""
    status = call(gateway, "GET", f"/ml-accounts/{account_id}/sync", caller=person.caller)
    assert status.status == 200, status.text
    return {run["scope"]: run for run in status.json["runs"]}


@pytest.mark.req("B003", "B004", "B021", "B023", "B024", "B027", "A017", "A094")
def test_the_first_sync_equals_what_mercado_livre_has(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=150, orders=2500, days=90)
    account_id = connect(person, sim, seller)
    started = runs_of(person, account_id)
    assert {run["status"] for run in started.values()} == {"running"}
    drain("jobs", sync_worker)
    truth = sim.truth(seller)
    runs = runs_of(person, account_id)
    assert {run["status"] for run in runs.values()} == {"done"}
    assert runs["orders"]["processed"]["orders"] >= 2500
    counted = {name: count for name, count in runs["items"]["processed"].items() if count}
    assert counted == {"items": 150}
    assert {"items", "orders", "shipments", "questions"} <= runs["items"]["processed"].keys()
    assert runs["orders"]["errors"] == runs["items"]["errors"] == []
    orders = list(every(person, "/orders"))
    assert {int(order["id"]) for order in orders} == set(truth["orders"]["ids"])
    assert len(orders) == truth["orders"]["total"]
    assert sum(order["total"]["amount"] for order in orders) == truth["orders"]["total_amount_cents"]
    for status, expected in truth["orders"]["by_status"].items():
        of_status = [order for order in orders if order["status"] == status]
        assert len(of_status) == expected["count"]
        assert sum(order["paid"]["amount"] for order in of_status) == expected["paid_amount_cents"]
    assert {item["id"] for item in every(person, "/items")} == set(truth["items"]["ids"])
    created = [(order["created_at"], int(order["id"])) for order in orders]
    assert created == sorted(created, reverse=True)
    account = call(gateway, "GET", f"/ml-accounts/{account_id}", caller=person.caller).json
    assert account["last_synced_at"]


def test_lists_filter_by_status_and_account(sim: Simulator, person: Person) -> None:
    account_id = connect_and_sync(person, sim, sim.seller(items=10, orders=60))
    orders = list(every(person, "/orders"))
    paid = list(every(person, "/orders", status="paid"))
    assert paid == [order for order in orders if order["status"] == "paid"]
    assert list(every(person, "/orders", account_id=str(account_id))) == orders
    assert list(every(person, "/orders", account_id=str(uuid4()))) == []
    active = list(every(person, "/items", status="active", account_id=str(account_id)))
    assert active == [item for item in every(person, "/items") if item["status"] == "active"]


def test_an_order_shows_its_lines_and_fees_in_cents(sim: Simulator, person: Person) -> None:
    connect_and_sync(person, sim, sim.seller(items=5, orders=20))
    summary = next(every(person, "/orders", status="paid"))
    order = call(sales, "GET", f"/orders/{summary['id']}", caller=person.caller).json
    (line,) = order["items"]
    assert line["unit_price"]["amount"] * line["quantity"] == order["total"]["amount"]
    assert line["sale_fee"]["amount"] * line["quantity"] == order["marketplace_fee"]["amount"]
    assert order["total"]["currency"] == "BRL"
    assert order["created_at"].endswith("Z")


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"cursor": "???"}, {"cursor": "WzFd"}, {"status": "a;b"}])
def test_bad_parameters_are_told(platform: Database, person: Person, query: dict[str, str]) -> None:
    assert call(sales, "GET", "/orders", caller=person.caller, query=query).status == 400


@pytest.mark.req("A055", "A057", "A058", "A059")
def test_another_tenants_ids_are_not_found(sim: Simulator, person: Person) -> None:
    account_id = connect_and_sync(person, sim, sim.seller(items=3, orders=5))
    order, item = next(every(person, "/orders"))["id"], next(every(person, "/items"))["id"]
    run = runs_of(person, account_id)["orders"]["id"]
    rival = sign_up().caller
    for path in ("/orders", "/items", "/ml-accounts"):
        assert call(gateway, "GET", path, caller=rival).json["data"] == [], path
    for handler, method, path in [
        (sales, "GET", f"/orders/{order}"),
        (sales, "POST", f"/orders/{order}/resync"),
        (sales, "GET", f"/items/{item}"),
        (gateway, "GET", f"/ml-accounts/{account_id}"),
        (gateway, "DELETE", f"/ml-accounts/{account_id}"),
        (gateway, "POST", f"/ml-accounts/{account_id}/sync"),
        (gateway, "GET", f"/ml-accounts/{account_id}/sync"),
        (gateway, "GET", f"/sync-runs/{run}"),
    ]:
        body: dict[str, Any] | None = {} if path.endswith("/sync") and method == "POST" else None
        assert call(handler, method, path, caller=rival, body=body).status == 404, path
    assert call(gateway, "GET", "/sync-runs", caller=rival).json["data"] == []


@pytest.mark.req("B022")
def test_a_second_start_is_refused_while_one_runs(sim: Simulator, person: Person) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    path = f"/ml-accounts/{account_id}/sync"
    refused = call(gateway, "POST", path, body={"scope": "orders", "days": 7}, caller=person.caller)
    assert (refused.status, refused.json["code"]) == (409, "sync_already_running")
    drain("jobs", sync_worker)
    started = call(gateway, "POST", path, body={"scope": "orders", "days": 7}, caller=person.caller)
    assert started.status == 202
    (run,) = started.json["runs"]
    assert (run["scope"], run["days"], run["trigger"], run["status"]) == ("orders", 7, "manual", "running")
    both = call(gateway, "POST", path, body={}, caller=person.caller)
    assert {run["scope"] for run in both.json["runs"]} == set(service.LEADING) - {"orders"}
    drain("jobs", sync_worker)
    history = call(gateway, "GET", "/sync-runs", query={"account_id": str(account_id)}, caller=person.caller).json
    of_both = [run["trigger"] for run in history["data"] if run["scope"] in ("items", "orders")]
    assert of_both == ["manual", "manual", "connect", "connect"]
    one = call(gateway, "GET", f"/sync-runs/{run['id']}", caller=person.caller).json
    assert one["status"] == "done"


@pytest.mark.req("B021")
@pytest.mark.parametrize("body", [{"days": 0}, {"days": 366}, {"scope": "everything"}, {"since": "2026-01-01"}])
def test_a_sync_request_has_bounds(sim: Simulator, person: Person, body: dict[str, Any]) -> None:
    assert call(gateway, "POST", f"/ml-accounts/{uuid4()}/sync", body=body, caller=person.caller).status == 400


@pytest.mark.req("B026", "A017", "A094")
def test_a_redelivered_page_does_nothing_twice(sim: Simulator, person: Person) -> None:
    account_id = connect(person, sim, sim.seller(items=1, orders=450, days=20))
    first = page_job(person, account_id, "orders")
    assert invoke(sync_worker, first) == []
    before = runs_of(person, account_id)["orders"]
    assert (before["page"], before["processed"]["orders"]) == (1, 200)
    assert invoke(sync_worker, first) == []
    assert runs_of(person, account_id)["orders"] == before
    drain("jobs", sync_worker)
    after = runs_of(person, account_id)["orders"]
    assert (after["status"], after["processed"]["orders"]) == ("done", 450)


@pytest.mark.req("B026")
def test_a_worker_that_dies_is_followed_by_another(sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """It dies with its page written and its turn in hand; the queue shows the same message again."""
    account_id = connect(person, sim, sim.seller(items=1, orders=450, days=20))
    turns = receive("jobs")

    class Died(BaseException):
        pass

    def die(*_: Any, **__: Any) -> None:
        raise Died

    with monkeypatch.context() as dying:
        dying.setattr(lanes, "_pass_on", die)
        for turn in turns:
            with pytest.raises(Died):
                invoke(sync_worker, turn)
    assert sum(run["page"] for run in runs_of(person, account_id).values()) == len(turns)
    for turn in turns:
        assert invoke(sync_worker, turn) == []
    drain("jobs", sync_worker)
    runs = runs_of(person, account_id)
    assert {run["status"] for run in runs.values()} == {"done"}
    assert runs["orders"]["processed"]["orders"] == 450


def test_a_page_of_another_number_does_nothing(sim: Simulator, person: Person) -> None:
    account_id = connect(person, sim, sim.seller(items=1, orders=10))
    run = runs_of(person, account_id)["orders"]
    work.page(PageJob(tenant_id=person.caller.tenant_id, run_id=UUID(run["id"]), page=1), deferrals=0)
    work.page(PageJob(tenant_id=person.caller.tenant_id, run_id=uuid4(), page=0), deferrals=0)
    assert runs_of(person, account_id)["orders"] == run


def test_two_workers_with_one_page_write_it_once(sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    account_id = connect(person, sim, sim.seller(items=1, orders=450, days=20))
    first = page_job(person, account_id, "orders")
    real = SPECS["orders"]
    raced: list[bool] = []

    def overtaken(*args: Any) -> Any:
        if not raced:
            raced.append(True)
            assert invoke(sync_worker, first) == []
        return real.page(*args)

    monkeypatch.setitem(SPECS, "orders", replace(real, page=overtaken))
    assert invoke(sync_worker, first) == []
    drain("jobs", sync_worker)
    run = runs_of(person, account_id)["orders"]
    assert (run["status"], run["processed"]["orders"]) == ("done", 450)


@pytest.mark.req("B025")
def test_a_run_that_cannot_go_on_says_why(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=1)
    account_id = connect(person, sim, seller)
    sim.ask("POST", f"/_sim/sellers/{seller}/revoke", {})
    drain("jobs", sync_worker)
    runs = runs_of(person, account_id)
    assert {run["status"] for run in runs.values()} == {"failed"}
    assert all(run["errors"][0]["code"] == "reconnect_required" for run in runs.values())
    path = f"/ml-accounts/{account_id}/sync"
    assert call(gateway, "POST", path, body={}, caller=person.caller).json["code"] == "reconnect_required"


def test_a_busy_mercado_livre_puts_the_page_off(sim: Simulator, person: Person) -> None:
    account_id = connect(person, sim, sim.seller(items=1, orders=5))
    sim.chaos(error_rate=1.0, error_status=429, error_body="text", error_prefix="/orders")
    job = PageJob(tenant_id=person.caller.tenant_id, run_id=UUID(runs_of(person, account_id)["orders"]["id"]), page=0)
    with pytest.raises(RetryLater) as pause:
        work.page(job, deferrals=3)
    assert 16 <= pause.value.seconds <= 24
    sim.calm()
    forget_gate()
    drain("jobs", sync_worker)
    assert runs_of(person, account_id)["orders"]["status"] == "done"


def test_a_truncated_answer_is_no_answer(sim: Simulator, person: Person) -> None:
    account_id = connect(person, sim, sim.seller(items=1, orders=5))
    sim.chaos(error_rate=1.0, error_status=500, error_body="truncated", error_prefix="/orders")
    job = PageJob(tenant_id=person.caller.tenant_id, run_id=UUID(runs_of(person, account_id)["orders"]["id"]), page=0)
    with pytest.raises(RetryLater):
        work.page(job, deferrals=0)


def test_a_window_past_the_offset_cap_is_split(sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "OFFSET_CAP", 100)
    seller = sim.seller(items=5, orders=700, days=60)
    connect_and_sync(person, sim, seller)
    assert {int(order["id"]) for order in every(person, "/orders")} == set(sim.truth(seller)["orders"]["ids"])


def test_an_expired_scan_starts_again(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=250)
    account_id = connect(person, sim, seller)
    assert invoke(sync_worker, page_job(person, account_id, "items")) == []
    sim.ask("POST", "/_sim/clock", {"advance_seconds": 301})
    drain("jobs", sync_worker)
    assert runs_of(person, account_id)["items"]["status"] == "done"
    assert {item["id"] for item in every(person, "/items")} == set(sim.truth(seller)["items"]["ids"])


@pytest.mark.req("A034", "A102", "K53")
def test_the_schedule_brings_in_what_changed(sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    seller = sim.seller(items=3, orders=30)
    account_id = connect_and_sync(person, sim, seller)
    quiet = sim.order(seller, announce=False)
    dispatcher({"spread_seconds": 0}, Context())
    assert drain("jobs", sync_worker) == 0
    at(monkeypatch, clock.now() + timedelta(minutes=31))
    assert dispatcher({"spread_seconds": 0}, Context())["sent"] >= 1
    drain("jobs", sync_worker)
    assert call(sales, "GET", f"/orders/{quiet}", caller=person.caller).status == 200
    run = runs_of(person, account_id)["orders"]
    assert (run["trigger"], run["status"]) == ("schedule", "done")
    assert dispatcher({"spread_seconds": 0}, Context())["sent"] == 0


def test_the_schedule_revives_a_run_whose_message_was_lost(
    sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = connect(person, sim, sim.seller(items=1, orders=30))
    receive("jobs")
    at(monkeypatch, clock.now() + timedelta(minutes=31))
    dispatcher({"spread_seconds": 0}, Context())
    drain("jobs", sync_worker)
    run = runs_of(person, account_id)["orders"]
    assert (run["trigger"], run["status"]) == ("connect", "done")


def test_jobs_carry_their_tenant_as_group(sim: Simulator, person: Person) -> None:
    connect(person, sim, sim.seller(items=1))
    assert {one["attributes"].get("MessageGroupId") for one in receive("jobs")} == {str(person.caller.tenant_id)}


def test_a_poison_job_comes_back_alone(sim: Simulator, person: Person) -> None:
    account_id = connect(person, sim, sim.seller(items=1, orders=5))
    good, poison = receive("jobs"), record({"kind": "unheard-of"})
    assert invoke(sync_worker, *good, poison) == [poison["messageId"]]
    drain("jobs", sync_worker)
    assert runs_of(person, account_id)["orders"]["status"] == "done"


def test_a_partial_answer_never_erases(sim: Simulator, person: Person, platform: Database) -> None:
    connect_and_sync(person, sim, sim.seller(items=1, orders=1))
    order = next(every(person, "/orders"))
    assert order["buyer_id"]
    sim.chaos(partial_orders=1.0)
    assert call(sales, "POST", f"/orders/{order['id']}/resync", caller=person.caller).status == 202
    drain("jobs", sync_worker)
    assert call(sales, "GET", f"/orders/{order['id']}", caller=person.caller).json["buyer_id"] == order["buyer_id"]
    with psycopg.connect(platform.superuser_url) as admin:
        held = admin.execute("select missing, raw ? 'buyer' from app.orders where id = %s", [int(order["id"])]).fetchone()
    assert held == (["buyer"], True)


def page_job(person: Person, account_id: UUID, scope: str) -> dict[str, Any]:
    """The message of the page that a run does next, as one that left its lane comes."""
    run = runs_of(person, account_id)[scope]
    job = PageJob(tenant_id=person.caller.tenant_id, run_id=UUID(run["id"]), page=run["page"])
    return record(job.model_dump_json(), group=str(person.caller.tenant_id))


def at(monkeypatch: pytest.MonkeyPatch, moment: Any) -> None:
    """Moves our clock, not Mercado Livre's."""
    from painelml.sync import dispatch

    for module in (dispatch, lanes, service, work, items, orders):
        monkeypatch.setattr(module, "now", lambda: moment)
