"""Billing periods: every charge to the cent, in both groups and streams, checked against Mercado Livre's own summary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from lambdas.sales.handler import handler as sales
from lambdas.sync_worker.handler import handler as sync_worker
from painelml.core import clock
from painelml.core.db import tenant_session
from painelml.core.errors import RetryLater
from painelml.sync import service, work
from painelml.sync.models import PageJob
from painelml.sync.scopes import billing as scope
from tests.http import call, gateway
from tests.people import Person, sign_up
from tests.queues import drain
from tests.sellers import connect, connect_and_sync
from tests.servers import Database
from tests.simulator import Simulator

DETAILS = "GET /billing/integration/periods/key/{key}/group/{group}/details"
SUMMARY = "GET /billing/integration/periods/key/{key}/summary/details"


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


def every(person: Person, path: str, **query: str) -> Iterator[dict[str, Any]]:
    cursor: dict[str, str] = {}
    while True:
        page = call(sales, "GET", path, caller=person.caller, query={"limit": "7", **query, **cursor})
        assert page.status == 200, page.text
        yield from page.json["data"]
        if page.json["next_cursor"] is None:
            return
        cursor = {"cursor": page.json["next_cursor"]}


def one(person: Person, period_id: str) -> dict[str, Any]:
    answer = call(sales, "GET", f"/billing-periods/{period_id}", caller=person.caller)
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def ours(person: Person) -> dict[tuple[str, str, str], dict[str, int]]:
    """Cents by period, group and stream, then by sub-type."""
    sums: dict[tuple[str, str, str], dict[str, int]] = {}
    for period in every(person, "/billing-periods"):
        key = (period["key"], period["group"], period["document_type"])
        sums[key] = defaultdict(int)
        for charge in every(person, f"/billing-periods/{period['id']}/charges"):
            sums[key][charge["sub_type"]] += charge["amount"]["amount"]
    return {key: dict(value) for key, value in sums.items() if value}


def theirs(sim: Simulator, seller: int) -> dict[tuple[str, str, str], dict[str, int]]:
    return {
        (period["key"], group, stream): sums
        for period in sim.truth(seller)["billing"]["periods"].values()
        for group, streams in period["cents"].items()
        for stream, sums in streams.items()
    }


def run_again(person: Person, account_id: UUID, monkeypatch: pytest.MonkeyPatch, *, hours: int) -> dict[str, Any]:
    """The scheduled run of `hours` from now, to its end."""
    later = clock.now() + timedelta(hours=hours)
    monkeypatch.setattr(scope, "now", lambda: later)
    with tenant_session(person.caller.tenant_id) as session:
        run_id = service.start(session, account_id, "billing", days=90, trigger="schedule")
    drain("jobs", sync_worker)
    run: dict[str, Any] = call(gateway, "GET", f"/sync-runs/{run_id}", caller=person.caller).json
    return run


@pytest.mark.req("B008", "A062", "B027")
def test_the_bills_equal_what_mercado_livre_charges(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=5, orders=60, days=80, billing_periods=3)
    sim.ask("POST", "/_sim/billing/charges", {"seller_id": seller, "sub_type": "PADS", "amount_cents": 12345})
    sim.ask("POST", "/_sim/billing/charges", {"seller_id": seller, "sub_type": "CCMP", "amount_cents": 77, "group": "MP"})
    account_id = connect_and_sync(person, sim, seller)
    assert ours(person) == theirs(sim, seller) != {}
    truth = sim.truth(seller)["billing"]
    periods = list(every(person, "/billing-periods"))
    assert {(period["key"], period["status"]) for period in periods} == {
        (told["key"], told["status"]) for told in truth["periods"].values()
    }
    assert {period["status"] for period in periods} == {"OPEN", "CLOSED"}
    assert {period["reconciled"] for period in periods} == {True}
    assert all(period["checked_at"] for period in periods)
    charges = {charge["id"]: charge for p in periods for charge in every(person, f"/billing-periods/{p['id']}/charges")}
    assert set(charges) == set(truth["by_id"])
    for number, told in truth["by_id"].items():
        assert charges[number]["type"] == told["detail_type"]
        assert charges[number]["order_id"] == (str(told["order_id"]) if told["order_id"] else None)
        assert not charges[number]["charged_at"].endswith("Z")
    for period in periods:
        shown = one(person, period["id"])
        assert shown["differences"] == []
        sums = {total["sub_type"]: total["amount"]["amount"] for total in shown["totals"]}
        assert sums == theirs(sim, seller).get((period["key"], period["group"], period["document_type"]), {})
    assert [p["key"] for p in periods] == sorted((p["key"] for p in periods), reverse=True)
    assert {p["group"] for p in every(person, "/billing-periods", group="MP", account_id=str(account_id))} == {"MP"}
    assert list(every(person, "/billing-periods", account_id=str(uuid4()))) == []


def test_a_daily_run_reads_only_what_is_new(sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    seller = sim.seller(items=5, orders=60, days=80, billing_periods=3)
    account_id = connect_and_sync(person, sim, seller)
    closed = [period for period in every(person, "/billing-periods") if period["status"] == "CLOSED"]
    charge = next(
        charge
        for period in closed
        if (period["group"], period["document_type"]) == ("ML", "BILL")
        for charge in every(person, f"/billing-periods/{period['id']}/charges")
        if charge["type"] == "CHARGE"
    )
    sim.ask("POST", "/_sim/billing/charges", {"seller_id": seller, "sub_type": "PADS", "amount_cents": 500})
    sim.ask("POST", "/_sim/billing/bonuses", {"seller_id": seller, "detail_id": int(charge["id"]), "amount_cents": 1})
    asked = sim.calls(DETAILS), sim.calls(SUMMARY)
    run = run_again(person, account_id, monkeypatch, hours=24)
    assert (run["status"], run["errors"], run["processed"]["charges"]) == ("done", [], 2)
    # Four open streams and the closed one that the late bonus is on; two of the five had something, so an empty page more.
    assert (sim.calls(DETAILS) - asked[0], sim.calls(SUMMARY) - asked[1]) == (7, 5)
    assert ours(person) == theirs(sim, seller)
    assert {period["reconciled"] for period in every(person, "/billing-periods")} == {True}


def test_a_charge_that_changes_behind_us_is_found_by_the_sums(
    sim: Simulator, person: Person, platform: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller = sim.seller(items=3, orders=20, days=20, billing_periods=1)
    account_id = connect_and_sync(person, sim, seller)
    with psycopg.connect(platform.superuser_url) as admin:
        changed = admin.execute(
            "update app.billing_charges set amount = amount + 1 where tenant_id = %s and sub_type = 'CV'"
            " and period_id in (select id from app.billing_periods where tenant_id = %s and status = 'OPEN')",
            [person.caller.tenant_id, person.caller.tenant_id],
        ).rowcount
    if not changed:  # on the first of a month nothing may have been sold in it yet
        sim.order(seller, announce=False)
    run = run_again(person, account_id, monkeypatch, hours=24)
    assert (run["status"], run["errors"]) == ("done", [])
    assert ours(person) == theirs(sim, seller)
    assert {period["reconciled"] for period in every(person, "/billing-periods")} == {True}


@pytest.mark.req("B008")
def test_charges_that_do_not_add_up_are_told(
    sim: Simulator, person: Person, platform: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller = sim.seller(items=3, orders=5, days=5, billing_periods=1)
    sim.ask("POST", "/_sim/billing/charges", {"seller_id": seller, "sub_type": "CFLX", "amount_cents": 500})
    account_id = connect_and_sync(person, sim, seller)
    opened = next(
        p for p in every(person, "/billing-periods", group="ML") if (p["status"], p["document_type"]) == ("OPEN", "BILL")
    )
    with psycopg.connect(platform.superuser_url) as admin:
        admin.execute(
            "insert into app.billing_charges"
            " (tenant_id, period_id, id, type, sub_type, currency, amount, charged_at, synced_at, raw)"
            " values (%s, %s, 1, 'CHARGE', 'CFLX', 'BRL', 3, now(), now(), '{}')",
            [person.caller.tenant_id, opened["id"]],
        )
    run = run_again(person, account_id, monkeypatch, hours=24)
    assert run["status"] == "done"
    assert [error["code"] for error in run["errors"]] == ["charges_do_not_add_up"]
    shown = one(person, opened["id"])
    assert (shown["reconciled"], shown["differences"]) == (
        False,
        [{"sub_type": "CFLX", "ours": {"amount": 503, "currency": "BRL"}, "theirs": {"amount": 500, "currency": "BRL"}}],
    )


def test_a_summary_is_asked_for_once_a_day(sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    account_id = connect_and_sync(person, sim, sim.seller(items=1, orders=3, days=5, billing_periods=1))
    before = sim.calls(SUMMARY)
    assert run_again(person, account_id, monkeypatch, hours=1)["status"] == "done"
    assert sim.calls(SUMMARY) == before


def test_half_an_answer_is_put_off_and_nothing_of_it_kept(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=3, orders=20, days=20, billing_periods=1)
    account_id = connect(person, sim, seller)
    run_id = running(person, account_id)
    work.page(PageJob(tenant_id=person.caller.tenant_id, run_id=run_id, page=0), deferrals=0)
    sim.chaos(partial_billing=1.0)
    with pytest.raises(RetryLater):
        work.page(PageJob(tenant_id=person.caller.tenant_id, run_id=run_id, page=1), deferrals=0)
    assert ours(person) == {}
    sim.calm()
    drain("jobs", sync_worker)
    assert ours(person) == theirs(sim, seller)


def test_a_429_of_our_address_is_put_off(sim: Simulator, person: Person) -> None:
    run_id = running(person, connect(person, sim, sim.seller(items=1, billing_periods=1)))
    sim.chaos(billing_calls_per_minute=1)
    with pytest.raises(RetryLater):
        work.page(PageJob(tenant_id=person.caller.tenant_id, run_id=run_id, page=0), deferrals=0)


@pytest.mark.req("A055", "A062")
def test_anothers_bills_are_not_found(sim: Simulator, person: Person) -> None:
    connect_and_sync(person, sim, sim.seller(items=1, orders=3, days=5, billing_periods=1))
    period = next(every(person, "/billing-periods"))["id"]
    rival = sign_up()
    for path in (f"/billing-periods/{period}", f"/billing-periods/{period}/charges"):
        assert call(sales, "GET", path, caller=person.caller).status == 200
        assert call(sales, "GET", path, caller=rival.caller).status == 404
    assert list(every(rival, "/billing-periods")) == []


@pytest.mark.parametrize("query", [{"group": "XX"}, {"cursor": "WzFd"}, {"limit": "0"}])
def test_bad_parameters_are_told(platform: Database, person: Person, query: dict[str, str]) -> None:
    assert call(sales, "GET", "/billing-periods", caller=person.caller, query=query).status == 400


def running(person: Person, account_id: UUID) -> UUID:
    runs = call(gateway, "GET", f"/ml-accounts/{account_id}/sync", caller=person.caller).json["runs"]
    return next(UUID(run["id"]) for run in runs if run["scope"] == "billing")
