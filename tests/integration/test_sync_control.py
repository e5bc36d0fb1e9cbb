"""Pausing, resuming and cancelling a run, also while a page of it is being read; and the copy of its status in the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from lambdas.sync_dispatcher.handler import handler as dispatcher
from lambdas.sync_worker.handler import handler as sync_worker
from painelml.core import clock
from painelml.core.cache import cache, tenant_key
from painelml.core.db import tenant_session
from painelml.sync import live, queries
from painelml.sync.scopes import SPECS
from tests.http import Answer, Context, call, gateway
from tests.integration.test_sync import at, every, runs_of
from tests.people import Person, sign_up
from tests.queues import drain, invoke, receive
from tests.sellers import connect, connect_and_sync
from tests.servers import Database
from tests.simulator import Simulator

ORDERS = 450


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


@pytest.fixture
def account_id(sim: Simulator, person: Person) -> UUID:
    """An account whose first sync is waiting: orders take three pages and the moving window's."""
    return connect(person, sim, sim.seller(items=1, orders=ORDERS, days=20))


def ask(person: Person, account_id: UUID, verb: str, scope: str = "orders") -> Answer:
    run = runs_of(person, account_id)[scope]
    return call(gateway, "POST", f"/sync-runs/{run['id']}/{verb}", caller=person.caller)


def first_pages() -> None:
    """Each run does one page."""
    for turn in receive("jobs"):
        assert invoke(sync_worker, turn) == []


def orders(person: Person) -> int:
    return len(list(every(person, "/orders")))


@pytest.mark.req("B023", "B026")
def test_a_paused_run_keeps_its_place_and_goes_on_from_there(sim: Simulator, person: Person, account_id: UUID) -> None:
    first_pages()
    paused = ask(person, account_id, "pause")
    assert (paused.status, paused.json["status"], paused.json["finished_at"]) == (200, "paused", None)
    before = sim.calls("GET /orders/search")
    drain("jobs", sync_worker)
    assert sim.calls("GET /orders/search") == before, "a page of a paused run asks nothing"
    run = runs_of(person, account_id)["orders"]
    assert (run["status"], run["page"], run["processed"]["orders"]) == ("paused", 1, 200)
    assert ask(person, account_id, "resume").json["status"] == "running"
    drain("jobs", sync_worker)
    run = runs_of(person, account_id)["orders"]
    assert (run["status"], run["processed"]["orders"]) == ("done", ORDERS)
    assert orders(person) == ORDERS


def test_a_paused_run_holds_its_scope(
    sim: Simulator, person: Person, account_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(person, account_id, "pause")
    path = f"/ml-accounts/{account_id}/sync"
    refused = call(gateway, "POST", path, body={"scope": "orders"}, caller=person.caller)
    assert (refused.status, refused.json["code"]) == (409, "sync_already_running")
    drain("jobs", sync_worker)
    at(monkeypatch, clock.now() + timedelta(minutes=31))
    assert dispatcher({"spread_seconds": 0}, Context())["sent"] >= 1
    drain("jobs", sync_worker)
    run = runs_of(person, account_id)["orders"]
    assert (run["trigger"], run["status"], run["page"]) == ("connect", "paused", 0)


def test_a_cancelled_run_is_over_and_frees_its_scope(sim: Simulator, person: Person, account_id: UUID) -> None:
    first_pages()
    first = runs_of(person, account_id)["orders"]["id"]
    cancelled = ask(person, account_id, "cancel")
    assert cancelled.json["status"] == "cancelled"
    assert cancelled.json["finished_at"]
    for verb in ("pause", "resume"):
        refused = call(gateway, "POST", f"/sync-runs/{first}/{verb}", caller=person.caller)
        assert (refused.status, refused.json["code"]) == (409, "sync_run_over")
    path = f"/ml-accounts/{account_id}/sync"
    assert call(gateway, "POST", path, body={"scope": "orders", "days": 20}, caller=person.caller).status == 202
    drain("jobs", sync_worker)
    assert call(gateway, "GET", f"/sync-runs/{first}", caller=person.caller).json["processed"]["orders"] == 200
    run = runs_of(person, account_id)["orders"]
    assert (run["status"], run["trigger"]) == ("done", "manual")
    assert orders(person) == ORDERS


def test_asking_twice_changes_nothing_the_second_time(sim: Simulator, person: Person, account_id: UUID) -> None:
    for verb, status in (("pause", "paused"), ("resume", "running"), ("pause", "paused"), ("cancel", "cancelled")):
        answers = [ask(person, account_id, verb) for _ in range(2)]
        assert [answer.json["status"] for answer in answers] == [status, status]
        assert answers[0].json == answers[1].json
    with tenant_session(person.caller.tenant_id) as session:
        entries = session.rows(
            """
            select event, actor_id from app.audit_log
            where tenant_id = %(tenant_id)s and event like 'SYNC%%' order by sequence
            """
        )
    assert [row["event"] for row in entries] == ["SYNC_PAUSED", "SYNC_RESUMED", "SYNC_PAUSED", "SYNC_CANCELLED"]
    assert {row["actor_id"] for row in entries} == {person.caller.user_id}


def test_a_finished_run_cannot_be_cancelled(sim: Simulator, person: Person, account_id: UUID) -> None:
    drain("jobs", sync_worker)
    refused = ask(person, account_id, "cancel")
    assert (refused.status, refused.json["code"]) == (409, "sync_run_over")


def test_pausing_many_times_leaves_one_run_with_one_job(
    sim: Simulator, person: Person, account_id: UUID, platform: Database
) -> None:
    for _ in range(5):
        ask(person, account_id, "pause")
        ask(person, account_id, "resume")
    run = runs_of(person, account_id)["orders"]["id"]
    with psycopg.connect(platform.superuser_url) as admin:
        assert admin.execute("select count(*) from app.jobs where key = %s", [run]).fetchone() == (1,)
    before = sim.calls("GET /orders/search")
    drain("jobs", sync_worker)
    assert runs_of(person, account_id)["orders"]["processed"]["orders"] == ORDERS
    assert sim.calls("GET /orders/search") - before == ORDERS // 50 + 1, "each search once, and one of the moving window"


def test_a_run_cannot_be_resumed_without_its_account(sim: Simulator, person: Person, account_id: UUID) -> None:
    ask(person, account_id, "pause")
    assert call(gateway, "DELETE", f"/ml-accounts/{account_id}", caller=person.caller).status == 204
    run = next(run for run in call(gateway, "GET", "/sync-runs", caller=person.caller).json["data"] if run["scope"] == "orders")
    refused = call(gateway, "POST", f"/sync-runs/{run['id']}/resume", caller=person.caller)
    assert refused.status == 409
    assert call(gateway, "GET", f"/sync-runs/{run['id']}", caller=person.caller).json["status"] == "paused"
    assert call(gateway, "POST", f"/sync-runs/{run['id']}/cancel", caller=person.caller).json["status"] == "cancelled"


def test_who_may(sim: Simulator, person: Person, account_id: UUID) -> None:
    run = runs_of(person, account_id)["orders"]["id"]
    for verb in ("pause", "resume", "cancel"):
        path = f"/sync-runs/{run}/{verb}"
        assert call(gateway, "POST", path, caller=replace(person.caller, role="VIEWER")).status == 403
        assert call(gateway, "POST", path, caller=sign_up().caller).status == 404
        assert call(gateway, "POST", f"/sync-runs/{uuid4()}/{verb}", caller=person.caller).status == 404
    assert runs_of(person, account_id)["orders"]["status"] == "running"


# While a page is being read


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """`act` happens once, after Mercado Livre has answered an orders page and before it is written."""
    real, acted = SPECS["orders"], list[bool]()

    def page(*args: Any) -> Any:
        answered = real.page(*args)
        if not acted:
            acted.append(True)
            act()
        return answered

    monkeypatch.setitem(SPECS, "orders", replace(real, page=page))


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_a_page_in_flight_writes_nothing_after_the_change(
    sim: Simulator, person: Person, account_id: UUID, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    meanwhile(monkeypatch, lambda: ask(person, account_id, verb))
    drain("jobs", sync_worker)
    run = runs_of(person, account_id)["orders"]
    assert (run["page"], run["processed"]["orders"], orders(person)) == (0, 0, 0)
    if verb == "pause":
        ask(person, account_id, "resume")
        drain("jobs", sync_worker)
        assert runs_of(person, account_id)["orders"]["processed"]["orders"] == orders(person) == ORDERS


def test_a_page_in_flight_of_a_run_paused_and_resumed_is_written_once(
    sim: Simulator, person: Person, account_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blink() -> None:
        ask(person, account_id, "pause")
        ask(person, account_id, "resume")

    meanwhile(monkeypatch, blink)
    drain("jobs", sync_worker)
    run = runs_of(person, account_id)["orders"]
    assert (run["status"], run["processed"]["orders"], orders(person)) == ("done", ORDERS, ORDERS)


def test_a_change_waits_for_a_page_that_is_being_written(
    sim: Simulator, person: Person, account_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page has the row, so the pause can only come after its commit: never half a page."""
    from concurrent.futures import Future, ThreadPoolExecutor

    real, pauses = SPECS["orders"], list[Future[Answer]]()
    run = runs_of(person, account_id)["orders"]["id"]
    with ThreadPoolExecutor(1) as beside:

        def apply(*args: Any) -> Any:
            if not pauses:
                path = f"/sync-runs/{run}/pause"
                pauses.append(beside.submit(call, gateway, "POST", path, caller=person.caller))
                with pytest.raises(TimeoutError):
                    pauses[0].result(0.3)
            return real.apply(*args)

        monkeypatch.setitem(SPECS, "orders", replace(real, apply=apply))
        drain("jobs", sync_worker)
        assert pauses[0].result(20).json["page"] == 1
    after = runs_of(person, account_id)["orders"]
    assert (after["status"], after["page"], after["processed"]["orders"]) == ("paused", 1, 200)
    assert orders(person) == 200


# Progress, and the copy in the cache


@pytest.mark.req("B024", "A094")
def test_progress_is_estimated_from_what_mercado_livre_says(sim: Simulator, person: Person, account_id: UUID) -> None:
    assert runs_of(person, account_id)["orders"]["progress"] == {"done": 0, "expected": None, "percent": None}
    first_pages()
    runs = runs_of(person, account_id)
    progress = runs["orders"]["progress"]
    assert progress["done"] == 200
    assert ORDERS - 20 < progress["expected"] <= ORDERS, "those of the last two hours are not counted yet"
    assert progress["percent"] in (44, 45, 46)
    assert runs["items"]["progress"] == {"done": 1, "expected": 1, "percent": 99}
    drain("jobs", sync_worker)
    runs = runs_of(person, account_id)
    assert runs["orders"]["progress"] == {"done": ORDERS, "expected": ORDERS, "percent": 100}
    assert runs["items"]["progress"] == {"done": 1, "expected": 1, "percent": 100}


@pytest.mark.req("A094", "A017", "B026", "K48")
def test_the_status_is_answered_by_a_copy_and_nothing_is_lost_with_it(
    sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = connect_and_sync(person, sim, sim.seller(items=2, orders=3))
    read = runs_of(person, account_id)
    with monkeypatch.context() as without_rows:
        without_rows.setattr(queries, "latest_runs", lambda *_: pytest.fail("the copy should have answered"))
        assert runs_of(person, account_id) == read
    cache().flushall()
    assert runs_of(person, account_id) == read
    assert 0 < cache().ttl(tenant_key(person.caller.tenant_id, "sync", str(account_id))) <= live.LIFE_SECONDS


@pytest.mark.req("A094", "K48")
def test_without_the_cache_syncs_go_on_and_their_status_is_read_from_rows(
    sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from redis.exceptions import ConnectionError as Gone

    def gone() -> Any:
        raise Gone

    account_id = connect(person, sim, sim.seller(items=2, orders=3))
    monkeypatch.setattr(live, "cache", gone)
    drain("jobs", sync_worker)
    assert {run["status"] for run in runs_of(person, account_id).values()} == {"done"}


@pytest.mark.req("A055")
def test_a_copy_is_one_tenants(sim: Simulator, person: Person) -> None:
    account_id = connect_and_sync(person, sim, sim.seller(items=1))
    runs_of(person, account_id)
    assert call(gateway, "GET", f"/ml-accounts/{account_id}/sync", caller=sign_up().caller).status == 404


# Switches


@pytest.mark.req("B007")
def test_what_is_switched_off_is_not_brought_in_unasked(
    sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = {"sync_orders": False, "sync_questions": False}
    assert call(gateway, "PATCH", "/settings", body=off, caller=person.caller).json["sync_orders"] is False
    account_id = connect(person, sim, sim.seller(items=1, orders=2))
    drain("jobs", sync_worker)
    assert "orders" not in runs_of(person, account_id)
    at(monkeypatch, clock.now() + timedelta(minutes=31))
    dispatcher({"spread_seconds": 0}, Context())
    drain("jobs", sync_worker)
    assert "orders" not in runs_of(person, account_id)
    path = f"/ml-accounts/{account_id}/settings"
    assert call(gateway, "PATCH", path, body={"sync_orders": True}, caller=person.caller).json["sync_orders"] is True
    at(monkeypatch, clock.now() + timedelta(minutes=62))
    dispatcher({"spread_seconds": 0}, Context())
    drain("jobs", sync_worker)
    assert runs_of(person, account_id)["orders"]["status"] == "done"
