"""Reconciliation: what was lost is found, put right and told; what is right stays untouched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from lambdas.sales.handler import handler as sales
from lambdas.sync_dispatcher.handler import handler as dispatcher
from lambdas.sync_worker.handler import handler as sync_worker
from painelml.core import clock
from painelml.sync import dispatch
from painelml.sync.scopes import reconcile
from tests.http import Context, call, gateway
from tests.people import Person, sign_up
from tests.queues import drain
from tests.sellers import connect, connect_and_sync
from tests.servers import Database
from tests.simulator import Simulator


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hours on: what happened until now is settled, and its hour is over."""
    moment = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(reconcile, "now", lambda: moment)


def reconciled(person: Person, account_id: UUID, days: int = 90) -> dict[str, Any]:
    """The comparison, when it has ended."""
    path = f"/ml-accounts/{account_id}/reconciliation"
    begun = call(gateway, "POST", path, body={"days": days}, caller=person.caller)
    assert begun.status == 202, begun.json
    drain("jobs", sync_worker)
    ended: dict[str, Any] = call(gateway, "GET", f"/reconciliations/{begun.json['id']}", caller=person.caller).json
    assert ended["status"] == "done"
    return ended


def completeness(person: Person, account_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = call(gateway, "GET", f"/ml-accounts/{account_id}/reconciliation", caller=person.caller).json
    return found


def ask(database: Database, sql: str, *params: Any) -> list[Any]:
    with psycopg.connect(database.superuser_url, autocommit=True) as admin:
        cursor = admin.execute(sql, params)
        return [row[0] for row in cursor] if cursor.description else []


@pytest.mark.req("A154", "B026")
def test_what_was_lost_is_found_repaired_and_told_once(sim: Simulator, person: Person, platform: Database, later: None) -> None:
    seller = sim.seller(items=5, orders=300, days=60)
    account_id = connect_and_sync(person, sim, seller)
    theirs = sim.truth(seller)["orders"]["ids"]
    lost, old = theirs[::50], theirs[1::60]
    ask(platform, "delete from app.order_items where order_id = any (%s)", lost)
    ask(platform, "delete from app.orders where id = any (%s)", lost)
    ask(
        platform,
        "update app.orders set status = 'stale', source_updated_at = source_updated_at - interval '1 minute'"
        " where id = any (%s)",
        old,
    )
    (account,) = ask(platform, "select id from app.ml_accounts where id = %s", account_id)
    made_up = int(uuid4().int % 10**15)
    ask(
        platform,
        "insert into app.orders (tenant_id, id, account_id, status, currency, total, date_created, source_updated_at,"
        " synced_at, raw)"
        " select tenant_id, %s, account_id, 'paid', 'BRL', 100, date_created, source_updated_at, synced_at, '{}'"
        " from app.orders where account_id = %s and id = %s",
        made_up,
        account,
        theirs[2],
    )
    first = reconciled(person, account_id)
    assert first["found"] == {
        "theirs": len(theirs),
        "ours": len(theirs) - len(lost) + 1,
        "missing": len(lost),
        "stale": len(old),
        "unlisted": 1,
        "repaired": len(lost) + len(old),
    }
    assert (first["left"], first["errors"]) == (0, [])
    assert sorted(ask(platform, "select id from app.orders where account_id = %s", account)) == sorted([*theirs, made_up])
    assert ask(platform, "select count(*) from app.orders where status = 'stale'") == [0]
    told = ask(platform, "select resource from app.outbox_events where tenant_id = %s", person.caller.tenant_id)
    assert sorted(told) == sorted(f"/orders/{order_id}" for order_id in [*lost, *old]), "an effect for each, and for no other"
    second = reconciled(person, account_id)
    assert (second["found"]["missing"], second["found"]["stale"], second["found"]["repaired"]) == (0, 0, 0)
    assert len(ask(platform, "select id from app.outbox_events where tenant_id = %s", person.caller.tenant_id)) == len(told)


@pytest.mark.req("K13", "A154")
def test_notifications_that_never_came_are_made_good(sim: Simulator, person: Person, later: None) -> None:
    seller = sim.seller(items=3)
    account_id = connect_and_sync(person, sim, seller)
    sim.chaos(drop=1.0)
    made = [sim.order(seller) for _ in range(7)]
    sim.calm()
    assert all(call(sales, "GET", f"/orders/{one}", caller=person.caller).status == 404 for one in made)
    assert reconciled(person, account_id)["found"]["missing"] == 7
    assert all(call(sales, "GET", f"/orders/{one}", caller=person.caller).status == 200 for one in made)
    assert completeness(person, account_id)["missing"] == 0


def test_a_dense_window_is_split_until_a_message_can_read_it(
    sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch, later: None
) -> None:
    monkeypatch.setattr(reconcile, "REACH", 20)
    seller = sim.seller(items=3, orders=400, days=30)
    account_id = connect_and_sync(person, sim, seller)
    found = reconciled(person, account_id)["found"]
    assert (found["theirs"], found["ours"], found["missing"]) == (400, 400, 0)


def test_cancelled_orders_are_compared_too(sim: Simulator, person: Person, platform: Database, later: None) -> None:
    seller = sim.seller(items=3)
    account_id = connect_and_sync(person, sim, seller)
    order_id = sim.order(seller)
    sim.ask("POST", f"/_sim/orders/{order_id}", {"action": "cancel", "by": "buyer"})
    assert reconciled(person, account_id)["found"]["missing"] == 1
    assert call(sales, "GET", f"/orders/{order_id}", caller=person.caller).json["status"] == "cancelled"


def test_the_status_says_zero_missing_and_when(sim: Simulator, person: Person, later: None) -> None:
    account_id = connect(person, sim, sim.seller(items=1, orders=20, days=30))
    unknown = completeness(person, account_id)
    assert (unknown["missing"], unknown["since"], unknown["last_full_check_at"]) == (None, None, None)
    early = call(gateway, "POST", f"/ml-accounts/{account_id}/reconciliation", body={}, caller=person.caller)
    assert (early.status, early.json["code"]) == (409, "nothing_to_compare")
    drain("jobs", sync_worker)
    reconciled(person, account_id, days=7)
    partly = completeness(person, account_id)
    assert partly["missing"] == 0
    assert partly["last_check_at"] is not None
    assert partly["last_full_check_at"] is None, "seven days are not the ninety that were brought in"
    reconciled(person, account_id, days=365)
    whole = completeness(person, account_id)
    assert whole["last_full_check_at"] == whole["last_check_at"]
    listed = call(gateway, "GET", "/reconciliations", caller=person.caller).json["data"]
    assert [one["days"] for one in listed] == [91, 7], "never deeper than what was brought in"


@pytest.mark.req("A102")
def test_the_schedule_compares_everything_first_and_two_weeks_then(
    sim: Simulator, person: Person, platform: Database, monkeypatch: pytest.MonkeyPatch, later: None
) -> None:
    account_id = connect_and_sync(person, sim, sim.seller(items=1, orders=10, days=30))
    ask(platform, "delete from directory.account_schedules where account_id <> %s or purpose <> 'reconcile'", account_id)
    for day, days in ((1, 91), (2, 14)):
        moment = clock.now() + timedelta(days=day, hours=1)
        monkeypatch.setattr(dispatch, "now", lambda moment=moment: moment)
        dispatcher({"spread_seconds": 0}, Context())
        drain("jobs", sync_worker)
        newest = call(gateway, "GET", "/reconciliations", query={"account_id": str(account_id)}, caller=person.caller).json[
            "data"
        ][0]
        assert (newest["days"], newest["trigger"], newest["status"]) == (days, "schedule", "done")


def test_another_tenants_reconciliation_is_not_there(sim: Simulator, person: Person, later: None) -> None:
    account_id = connect_and_sync(person, sim, sim.seller(items=1, orders=1))
    run = reconciled(person, account_id)
    stranger = sign_up()
    assert call(gateway, "GET", f"/reconciliations/{run['id']}", caller=stranger.caller).status == 404
    assert call(gateway, "GET", f"/ml-accounts/{account_id}/reconciliation", caller=stranger.caller).status == 404
    assert call(gateway, "POST", f"/ml-accounts/{account_id}/reconciliation", body={}, caller=stranger.caller).status == 404
    assert call(gateway, "GET", "/reconciliations", caller=stranger.caller).json["data"] == []
