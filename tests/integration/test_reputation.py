"""Reputation: read on connection and every day, shown with its distance to the limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from lambdas.sync_worker.handler import handler as sync_worker
from painelml.core.clock import now
from painelml.core.db import tenant_session
from painelml.marketplace.accounts.schedules import EVERY
from painelml.marketplace.accounts.service import connected_account
from painelml.marketplace.errors import AccessRefused
from painelml.marketplace.sellers.models import read_profile
from painelml.marketplace.sellers.service import apply_profiles
from painelml.sync import service
from tests.http import Answer, call, gateway
from tests.people import Person, sign_up
from tests.queues import drain
from tests.sellers import connect, connect_and_sync
from tests.servers import Database
from tests.simulator import Simulator
from tests.unit.marketplace.test_sellers import USER


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


def reputation(person: Person, account_id: UUID) -> Answer:
    return call(gateway, "GET", f"/ml-accounts/{account_id}/reputation", caller=person.caller)


def apply(person: Person, account_id: UUID, *, days: int = 0, **changed: Any) -> None:
    with tenant_session(person.caller.tenant_id) as session:
        account = connected_account(session, account_id)
        document = {**USER, "id": account.seller_id, **changed}
        apply_profiles(session, account, [read_profile(document, read_at=now() + timedelta(days=days))])


@pytest.mark.req("B001")
def test_a_connection_brings_the_reputation(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=3, orders=80, days=20)
    account_id = connect(person, sim, seller)
    assert reputation(person, account_id).status == 404, "not read yet"
    drain("jobs", sync_worker)
    found = reputation(person, account_id).json
    assert (found["account_id"], found["level"], found["site_status"]) == (str(account_id), "5_green", "active")
    assert (found["period"], found["transactions"]["total"]) == ("60 days", 80)
    for name, limit, lider in (("claims", 0.02, None), ("delayed_handling_time", 0.1, None), ("cancellations", 0.015, 0.005)):
        metric = found[name]
        assert (metric["limit"], metric["mercado_lider_limit"]) == (limit, lider)
        assert metric["distance"] == pytest.approx(limit - metric["rate"])
        assert metric["mercado_lider_distance"] == (None if lider is None else pytest.approx(lider - metric["rate"]))
    with tenant_session(person.caller.tenant_id) as session:
        (run,) = [run for run in service.status(session, account_id).runs if run.scope == "seller"]
    assert (run.status, run.trigger) == ("done", "connect")
    assert EVERY["seller"] == timedelta(days=1)


def test_what_the_seller_cancels_comes_nearer_to_the_limit(sim: Simulator, person: Person) -> None:
    seller = sim.seller(items=3, orders=80, days=20)
    account_id = connect_and_sync(person, sim, seller)
    before = reputation(person, account_id).json["cancellations"]
    for _ in range(3):
        sim.change(sim.order(seller), "cancel", by="seller")
    with tenant_session(person.caller.tenant_id) as session:
        service.start_or_revive(session, account_id, "seller")
    drain("jobs", sync_worker)
    after = reputation(person, account_id).json["cancellations"]
    assert after["value"] == before["value"] + 3
    assert after["distance"] < before["distance"]


def test_an_earlier_reading_is_refused_and_a_partial_one_merged(sim: Simulator, person: Person) -> None:
    account_id = connect_and_sync(person, sim, sim.seller())
    apply(person, account_id, days=1)
    held = reputation(person, account_id).json
    assert (held["level"], held["sales"], held["power_seller_status"]) == ("5_green", 420, "gold")
    assert held["cancellations"]["mercado_lider_distance"] == -0.0021
    apply(person, account_id, seller_reputation={"level_id": "1_red"})
    assert reputation(person, account_id).json == held
    partial = {"id": 0, "tags": ["warehouse_management"]}
    with tenant_session(person.caller.tenant_id) as session:
        account = connected_account(session, account_id)
        document = {**partial, "id": account.seller_id}
        apply_profiles(session, account, [read_profile(document, read_at=now() + timedelta(days=2))])
    merged = reputation(person, account_id).json
    changed = ("tags", "read_at")
    assert merged["tags"] == ["warehouse_management"]
    assert {k: v for k, v in merged.items() if k not in changed} == {k: v for k, v in held.items() if k not in changed}
    apply(person, account_id, days=3, seller_reputation={"level_id": None, "power_seller_status": None})
    assert reputation(person, account_id).json["level"] is None


def test_where_the_limits_are_not_known_there_is_no_distance(sim: Simulator, person: Person) -> None:
    account_id = connect_and_sync(person, sim, sim.seller(site_id="MLC"))
    claims = reputation(person, account_id).json["claims"]
    assert (claims["limit"], claims["distance"]) == (None, None)
    assert claims["rate"] is not None


@pytest.mark.req("A055")
def test_another_tenants_reputation_is_not_found(sim: Simulator, person: Person) -> None:
    account_id = connect_and_sync(person, sim, sim.seller())
    assert reputation(person, account_id).status == 200
    assert reputation(sign_up(), account_id).status == 404
    assert reputation(person, uuid4()).status == 404


def test_another_sellers_profile_is_refused(sim: Simulator, person: Person) -> None:
    account_id = connect_and_sync(person, sim, sim.seller())
    held = reputation(person, account_id).json
    with pytest.raises(AccessRefused):
        apply(person, account_id, days=1, id=5)
    assert reputation(person, account_id).json == held


@pytest.mark.req("D008")
def test_the_table_does_not_know_who_the_seller_is(sim: Simulator, person: Person, platform: Database) -> None:
    account_id = connect_and_sync(person, sim, sim.seller())
    apply(person, account_id, days=1)
    with psycopg.connect(platform.superuser_url) as admin:
        (kept,) = admin.execute("select p::text from app.seller_profiles as p where account_id = %s", [account_id]).fetchone()  # type: ignore[misc]
    assert [word for word in ("Fulana", "@example", "19119119100", "Palmeiras", "40028922") if word in kept] == []
