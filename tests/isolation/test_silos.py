"""Silos: pool ↔ silo and silo ↔ silo, by rows, by roles and by keys; migrated, worked and synchronised like the pool."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from unittest.mock import patch
from uuid import UUID

import boto3
import psycopg
import pytest

from cdk_app.function_table import all_functions
from lambdas.health.handler import handler as health
from lambdas.operations.handler import handler as operations
from lambdas.payments_worker.handler import handler as payments_worker
from lambdas.sync_dispatcher.handler import handler as sync_dispatcher
from lambdas.sync_worker.handler import handler as sync_worker
from lambdas.webhook_worker.handler import handler as webhook_worker
from painelml.core import connections, db, secrets
from painelml.core.config import config
from painelml.core.ids import uuid7
from painelml.core.placements import POOL, Silo
from painelml.core.secrets import secret_document
from painelml.core.silo_database import drop_silo_database, silo_for
from painelml.identity import tokens
from painelml.identity.silos import make_silo
from tests.http import Context, authorized, call, gateway, rest_event
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


@pytest.mark.req("K09", "K12", "D043")
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


@pytest.mark.req("K09", "K11", "D018", "D043")
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
    kept = list(connections._connections())
    assert len(kept) == len(set(kept)) <= 1 + connections.SILOS_AT_ONCE


def test_making_it_again_changes_nothing(one: Person) -> None:
    tenant = str(tenant_of(one))
    args = {"id": tenant, "name": "Outra", "email": unique_email(), "plan": "ENTERPRISE"}
    again = operations({"verb": "tenant-create", "args": args}, None)
    assert again["tenant"]["name"] == "Empresa Própria"
    assert call(gateway, "GET", "/settings", token=one.access_token).status == 200


@pytest.mark.req("A139", "K09")
def test_functions_that_may_not_sign_in_to_silos_do_not_try(one: Person, sim: Simulator) -> None:
    """`directory_only` in the function table is what their roles are granted by (docs/decisions/0038)."""
    connect(one, sim, sim.seller(items=1, orders=1, days=1))
    made = call(gateway, "POST", "/api-keys", body={"name": "P", "scopes": ["READ_TENANT"]}, token=one.access_token).json
    asked: dict[str, Callable[[], object]] = {
        "authorizer": lambda: authorized(rest_event("GET", "/tenant", headers={"Authorization": f"Bearer {made['key']}"})),
        "health": lambda: health(rest_event("GET", "/ready"), Context()),
        "payments_worker": lambda: payments_worker({"Records": []}, Context()),
        "sync_dispatcher": lambda: sync_dispatcher({}, Context()),
    }
    assert asked.keys() == {spec.name for spec in all_functions() if spec.directory_only}
    db.disconnect()
    db.forget_placements()
    for ask in asked.values():
        ask()
    assert list(connections._connections()) == [POOL]
    assert call(gateway, "GET", "/tenant", token=made["key"]).status == 200


# The end of a silo -----------------------------------------------------------------------------------------------------


def left_of(database: Database, tenant: UUID) -> set[str]:
    """What of a silo is still there: database, role, secret, key, registration."""
    silo = silo_for(tenant)
    with psycopg.connect(database.superuser_url) as connection:
        looked_for = {
            "database": ("select from pg_database where datname = %s", silo.database_name),
            "role": ("select from pg_roles where rolname = %s", silo.role_name),
            "registration": ("select from directory.placements where id = %s", silo.id),
        }
        found = {what for what, (query, name) in looked_for.items() if connection.execute(query.encode(), [name]).rowcount}
    client = boto3.client("secretsmanager")
    with suppress(client.exceptions.ResourceNotFoundException):
        client.describe_secret(SecretId=silo.secret_id)
        found.add("secret")
    secrets.forget()
    if any(key.get(tokens.PLACEMENT) == silo.id for key in json.loads(secrets.parameter("jwks"))["keys"]):
        found.add("key")
    return found


ALL_OF_IT = {"database", "role", "registration", "secret", "key"}


def cancelled_silo() -> Person:
    gone = open_silo()
    assert call(gateway, "PATCH", "/settings", body={"language": "en"}, caller=gone.caller).status == 200
    moved = operations({"verb": "tenant-move", "args": {"id": str(tenant_of(gone)), "status": "CANCELLED"}}, None)
    assert moved["status"] == "CANCELLED"
    return gone


def erase(tenant: UUID) -> dict[str, Any]:
    receipt: dict[str, Any] = operations({"verb": "erase-tenant", "args": {"tenant": str(tenant)}}, None)
    return receipt


@pytest.mark.req("D001", "D004", "D008")
def test_an_erasure_takes_the_silo_down_and_leaves_the_others(platform: Database, one: Person) -> None:
    gone = cancelled_silo()
    tenant, token = tenant_of(gone), tokens.issue(gone.caller)
    before = operations({"verb": "audit"}, None)
    assert left_of(platform, tenant) == ALL_OF_IT
    still_there = psycopg.connect(platform.server.url(home(gone).role_name, home(gone).database_name))
    still_there.execute("select 1")  # one of its own is in a transaction
    receipt = erase(tenant)
    with pytest.raises(psycopg.OperationalError):
        still_there.execute("select 1")
    assert receipt["rows"]["silo:app.settings"] == 1
    assert left_of(platform, tenant) == set()
    assert call(gateway, "GET", "/settings", token=token).status == 401
    assert erase(tenant) == receipt, "a second time changes nothing and says the same"
    assert left_of(platform, tenant_of(one)) == ALL_OF_IT
    assert call(gateway, "GET", "/settings", token=one.access_token).status == 200
    assert operations({"verb": "audit"}, None) == before == {"findings": []}
    assert home(gone).id not in operations({"verb": "migrate", "args": {"app_password": "on-a-laptop"}}, None)["silos"]


@pytest.mark.parametrize("dies_at", ["withdraw_silo", "drop_silo_database", "_forget_secret", "forget_placements"])
def test_an_erasure_that_died_is_finished_by_the_next_try(platform: Database, dies_at: str) -> None:
    gone = tenant_of(cancelled_silo())
    where = "keys.withdraw_silo" if dies_at == "withdraw_silo" else dies_at
    with (
        patch(f"painelml.identity.silos.{where}", side_effect=RuntimeError("the power went")),
        pytest.raises(RuntimeError, match="power"),
    ):
        erase(gone)
    with psycopg.connect(platform.superuser_url) as connection:
        kept = connection.execute("select receipt from directory.tombstones where tenant_id = %s", [gone]).fetchone()
    assert kept is not None, "the receipt is safe before anything of the silo goes"
    assert erase(gone) == kept[0]
    assert left_of(platform, gone) == set()


def test_a_silo_that_was_half_made_goes_with_its_tenant(platform: Database) -> None:
    tenant, email = uuid7(), unique_email("silo")
    args = {"id": str(tenant), "name": "Meio Feita", "email": email, "plan": "ENTERPRISE"}
    with (
        patch("painelml.identity.silos._register", side_effect=RuntimeError("the power went")),
        pytest.raises(RuntimeError, match="power"),
    ):
        operations({"verb": "tenant-create", "args": args}, None)
    assert left_of(platform, tenant) == ALL_OF_IT - {"registration"}
    operations({"verb": "tenant-move", "args": {"id": str(tenant), "status": "CANCELLED"}}, None)
    erase(tenant)
    assert left_of(platform, tenant) == set()


@pytest.mark.req("D006", "D008")
def test_a_restore_of_the_silo_is_followed_by_its_end(platform: Database) -> None:
    gone = tenant_of(cancelled_silo())
    erase(gone)
    with psycopg.connect(platform.superuser_url, autocommit=True) as connection:
        # An older copy of the server: the tenant is there again with its database, and no tombstone in it.
        connection.execute("delete from directory.tombstones where tenant_id = %s", [gone])
        connection.execute(
            "insert into directory.tenants (id, name, email, status) values (%s, 'Restaurada', %s, 'PROVISIONING')",
            [gone, unique_email()],
        )
    make_silo(gone)
    assert left_of(platform, gone) == ALL_OF_IT
    receipts = {receipt["tenant_id"]: receipt for receipt in operations({"verb": "replay-erasures"}, None)["receipts"]}
    assert receipts[str(gone)]["rows"]["directory.tenants"] == 1
    assert "silo:directory.tenants" in receipts[str(gone)]["rows"]
    assert left_of(platform, gone) == set()


def test_a_registration_without_its_database_is_erased_too(platform: Database) -> None:
    """The directory came back from an older copy than the rest."""
    gone = cancelled_silo()
    drop_silo_database(home(gone))
    assert "directory.tenants" in erase(tenant_of(gone))["rows"]
    assert left_of(platform, tenant_of(gone)) == set()


def test_the_id_of_an_erased_tenant_is_not_used_again(platform: Database) -> None:
    gone = tenant_of(cancelled_silo())
    erase(gone)
    args = {"id": str(gone), "name": "Outra", "email": unique_email(), "plan": "FREE"}
    assert operations({"verb": "tenant-create", "args": args}, None)["error"]["code"] == "tenant_exists"


# What provisioning wrote -----------------------------------------------------------------------------------------------


@pytest.mark.req("D017", "D018", "D024", "D026", "A193")
def test_provisioning_writes_all_that_the_tenant_runs_by(platform: Database) -> None:
    host = f"{unique_email('loja').split('@')[0]}.example.com"
    email = unique_email("silo")
    args = {"name": "Empresa Inteira", "email": email, "plan": "ENTERPRISE", "domain": host}
    made = operations({"verb": "tenant-create", "args": args}, None)
    tenant = made["tenant"]
    silo = silo_for(UUID(tenant["id"]))
    held = secret_document(silo.secret_id)
    assert set(held) == {"database", "jwt"}
    assert held["jwt"]["keys"].keys() == {held["jwt"]["current"]}
    assert (tenant["placement"], tenant["host"], tenant["host_status"]) == (silo.id, host, "pending")
    with psycopg.connect(platform.superuser_url) as connection:
        found = connection.execute("select storage_prefix, brand from directory.tenants where id = %s", [tenant["id"]])
        assert found.fetchone() == (f"tenants/{tenant['id']}/", {"company_name": "Empresa Inteira"})
    assert 0 < made["seconds"] < 300, "onboarding is a matter of minutes"
    assert made["url"] == secrets.parameter("web_url")
    assert log_in(email, made["password"]).caller.placement == silo.id


@pytest.mark.req("D004", "K09")
def test_a_silo_has_every_tenant_table_of_the_pool(platform: Database, one: Person) -> None:
    listing = """
        select table_name, column_name, data_type, is_nullable from information_schema.columns
        where table_schema = 'app' order by 1, 2
    """
    with psycopg.connect(platform.superuser_url) as pool:
        shared = pool.execute(listing).fetchall()
    with psycopg.connect(platform.server.url("postgres", home(one).database_name)) as own:
        assert own.execute(listing).fetchall() == shared
