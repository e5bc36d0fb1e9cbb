"""Silos: pool ↔ silo and silo ↔ silo, by rows, by roles and by keys; migrated, worked and synchronised like the pool."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

import boto3
import psycopg
import pytest

from lambdas.operations.handler import handler as operations
from lambdas.sync_worker.handler import handler as sync_worker
from lambdas.webhook_worker.handler import handler as webhook_worker
from painelml.core import db, secrets
from painelml.core.config import config
from painelml.core.placements import POOL, Silo
from painelml.core.secrets import secret_document
from painelml.core.silo_database import silo_for
from painelml.identity import tokens
from tests.http import call, gateway
from tests.people import Person, log_in, open_silo, sign_up, tenant_of, unique_email
from tests.queues import drain
from tests.sellers import connect
from tests.servers import Database
from tests.simulator import Simulator

pytestmark = pytest.mark.usefixtures("platform")


@pytest.fixture(scope="module")
def one(platform: Database) -> Person:
    return open_silo()


@pytest.fixture(scope="module")
def two(platform: Database) -> Person:
    return open_silo()


def home(person: Person) -> Silo:
    return silo_for(tenant_of(person))


def rows(database: Database, place: str, tenant: UUID) -> int:
    """Settings of a tenant in a database, as its superuser sees them."""
    url = database.server.url("postgres", place)
    with psycopg.connect(url) as connection:
        found = connection.execute("select count(*) from app.settings where tenant_id = %s", [tenant]).fetchone()
    assert found is not None
    return int(found[0])


@pytest.mark.req("D001", "D004", "D005", "K09", "A003")
def test_a_tenants_rows_are_in_its_own_database_and_in_no_other(database: Database, one: Person, two: Person) -> None:
    pooled = sign_up()
    for person in (one, two, pooled):
        changed = call(gateway, "PATCH", "/settings", body={"currency": "USD"}, token=person.access_token)
        assert changed.status == 200, changed.text
    places = {"painelml": pooled, home(one).database_name: one, home(two).database_name: two}
    for place, resident in places.items():
        for person in (one, two, pooled):
            assert rows(database, place, tenant_of(person)) == (1 if person is resident else 0)


@pytest.mark.req("K09", "K12")
def test_a_silos_people_are_managed_like_anyones(one: Person) -> None:
    me = call(gateway, "GET", "/me", token=one.access_token).json
    assert (me["tenant"]["plan"], me["user"]["role"]) == ("ENTERPRISE", "OWNER")
    body = {"name": "Colega", "email": unique_email(), "password": "correto cavalo bateria", "role": "VIEWER"}
    made = call(gateway, "POST", "/users", body=body, token=one.access_token, headers={"Idempotency-Key": "k"})
    assert made.status == 201, made.text
    assert log_in(body["email"]).caller.placement == home(one).id


@pytest.mark.req("K09", "A003")
def test_a_role_opens_its_own_database_only(database: Database, one: Person, two: Person) -> None:
    silo = home(one)
    password = secret_document(silo.secret_id)["database"]["password"]
    port = database.server.port

    def connect_to(user: str, name: str) -> None:
        with psycopg.connect(host="127.0.0.1", port=port, user=user, password=password, dbname=name) as connection:
            connection.execute("select 1")

    connect_to(silo.role_name, silo.database_name)
    for user, name in (
        (silo.role_name, "painelml"),
        (silo.role_name, home(two).database_name),
        ("app", silo.database_name),
    ):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            connect_to(user, name)


@pytest.mark.req("K09", "K11", "D018")
def test_a_key_signs_for_its_own_placement_only(one: Person, two: Person) -> None:
    pooled = sign_up().caller
    for lied in (
        replace(one.caller, placement=home(two).id),  # a silo's key names no tenant of another: its rows are not there
        replace(pooled, placement=home(one).id),
        replace(one.caller, placement=""),
        replace(one.caller, placement=POOL),  # where the directory answers, and rows would be misplaced
    ):
        for path in ("/settings", "/users", "/tenant", "/audit-log"):
            answer = call(gateway, "GET", path, token=tokens.issue(lied))
            assert answer.status == 401, (lied, path)
    signed_by_one = tokens.issue(one.caller)
    assert tokens.prove(signed_by_one).placement == home(one).id


@pytest.mark.req("K09", "K11")
def test_a_key_that_was_published_a_moment_ago_is_known(one: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    published = secrets.parameter("jwks")
    pool_only = [key for key in json.loads(published)["keys"] if tokens.PLACEMENT not in key]
    secrets.set_parameter("jwks", json.dumps({"keys": pool_only}))
    try:
        assert call(gateway, "GET", "/settings", token=one.access_token).status == 401
        name = f"{config().parameters}/jwks"
        boto3.client("ssm").put_parameter(Name=name, Value=published, Type="String", Overwrite=True)
        assert call(gateway, "GET", "/settings", token=one.access_token).status == 401  # asked a moment ago
        monkeypatch.setattr(tokens, "UNKNOWN_KEY_SECONDS", 0.0)
        assert call(gateway, "GET", "/settings", token=one.access_token).status == 200
    finally:
        secrets.set_parameter("jwks", published)


@pytest.mark.req("K09")
def test_a_foreign_id_is_not_found_across_databases(one: Person, two: Person, sim: Simulator) -> None:
    pooled = sign_up()
    account = connect(pooled, sim, sim.seller(items=1, orders=1, days=1))
    for person in (one, two):
        for path in (f"/ml-accounts/{account}", f"/ml-accounts/{account}/settings", f"/users/{pooled.caller.user_id}"):
            method, body = ("PATCH", {"name": "X"}) if path.startswith("/users") else ("GET", None)
            answer = call(gateway, method, path, body=body, token=person.access_token)
            assert (answer.status, answer.json["code"]) == (404, "not_found")


@pytest.mark.req("K09", "K13", "B053")
def test_a_silo_connects_synchronises_and_hears_notifications(database: Database, one: Person, sim: Simulator) -> None:
    seller = sim.seller(items=5, orders=20, days=5)
    account = connect(one, sim, seller)
    drain("jobs", sync_worker)
    listed = call(gateway, "GET", "/orders", token=one.access_token, query={"limit": "100"}).json["data"]
    assert {int(order["id"]) for order in listed} == set(sim.truth(seller)["orders"]["ids"])
    with psycopg.connect(database.superuser_url) as pool:
        assert pool.execute("select from app.orders where tenant_id = %s", [tenant_of(one)]).fetchone() is None
        route = pool.execute("select tenant_id from directory.seller_routes where seller_id = %s", [seller]).fetchone()
    assert route == (tenant_of(one),)

    rival = sign_up()
    with pytest.raises(AssertionError, match="seller"):
        connect(rival, sim, seller)
    assert call(gateway, "DELETE", f"/ml-accounts/{account}", token=one.access_token).status == 204
    drain("webhooks", webhook_worker)


@pytest.mark.req("K09")
def test_the_same_command_migrates_every_silo_and_audits_it(one: Person, two: Person) -> None:
    done = operations({"verb": "migrate", "args": {"app_password": "on-a-laptop"}}, None)
    assert {home(one).id, home(two).id} <= set(done["silos"])
    assert set(done["silos"].values()) == {done["version"]}
    db.disconnect()
    assert call(gateway, "GET", "/settings", token=one.access_token).status == 200


def test_connections_to_silos_are_few_and_reused(one: Person, two: Person) -> None:
    for person in (one, two, one, two):
        call(gateway, "GET", "/settings", token=person.access_token)
    kept = list(db._connections())
    assert len(kept) == len(set(kept)) <= 1 + db.SILOS_AT_ONCE


def test_making_it_again_changes_nothing(one: Person) -> None:
    tenant = str(tenant_of(one))
    args = {"id": tenant, "name": "Outra", "email": unique_email(), "plan": "ENTERPRISE"}
    again = operations({"verb": "tenant-create", "args": args}, None)
    assert again["tenant"]["name"] == "Empresa Própria"
    assert call(gateway, "GET", "/settings", token=one.access_token).status == 200


@pytest.mark.req("D001", "D004")
def test_an_erasure_reaches_the_silo_and_the_log_at_home_tells_of_it(platform: Database) -> None:
    gone = open_silo()
    tenant, place = tenant_of(gone), home(gone).database_name
    assert call(gateway, "PATCH", "/settings", body={"language": "en"}, caller=gone.caller).status == 200
    assert rows(platform, place, tenant) == 1
    moved = operations({"verb": "tenant-move", "args": {"id": str(tenant), "status": "CANCELLED"}}, None)
    assert moved["status"] == "CANCELLED"
    receipt = operations({"verb": "erase-tenant", "args": {"tenant": str(tenant)}}, None)
    assert receipt["rows"]["silo:app.settings"] == 1
    assert rows(platform, place, tenant) == 0
