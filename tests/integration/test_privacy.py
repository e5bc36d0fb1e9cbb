"""A tenant's own copy of its data, and its end: everything of it, and nothing of anyone else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from lambdas.cleanup import handler as cleanup
from lambdas.operations.handler import handler as operations
from lambdas.sync_worker.handler import handler as sync_worker
from painelml.core import objects
from painelml.core.cache import cache, tenant_key
from painelml.core.db import tenant_session
from painelml.privacy import export, retention
from painelml.privacy.models import ExportJob
from painelml.privacy.service import send_part
from tests.http import call, gateway
from tests.people import PASSWORD, Person, log_in, sign_up, stranger, tenant_of, unique_email
from tests.queues import drain
from tests.sellers import connect_and_sync
from tests.servers import Database
from tests.simulator import Simulator

pytestmark = pytest.mark.usefixtures("platform")


def run(verb: str, **args: Any) -> Any:
    return operations({"verb": verb, "args": args}, None)


def ask(person: Person) -> UUID:
    answer = call(gateway, "POST", "/tenant/export", caller=person.caller)
    assert answer.status == 202, answer.text
    return UUID(answer.json["id"])


def exported(person: Person) -> dict[str, bytes]:
    """The files of a new export by name, read as its owner would: by the links."""
    export_id = ask(person)
    drain("jobs", sync_worker)
    answer = call(gateway, "GET", f"/tenant/exports/{export_id}", caller=person.caller)
    assert answer.status == 200, answer.text
    assert all("X-Amz-Signature=" in link["url"] for link in answer.json["links"])
    names = [link["name"] for link in answer.json["links"]]
    return {name: objects.get(objects.tenant_object(tenant_of(person), "exports", str(export_id), name)) for name in names}


def cancel(database: Database, tenant_id: UUID) -> None:
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("update directory.tenants set status = 'CANCELLED' where id = %s", [tenant_id])


def tables(connection: psycopg.Connection[Any]) -> list[str]:
    """Every table that has a tenant_id, looked up by the test itself."""
    found = connection.execute(
        """select format('%I.%I', table_schema, table_name) from information_schema.columns
           join information_schema.tables using (table_schema, table_name)
           where column_name = 'tenant_id' and table_schema in ('app', 'directory') and table_type = 'BASE TABLE'"""
    )
    return sorted(name for (name,) in found)


def rows_of(database: Database, tenant_id: UUID) -> dict[str, int]:
    with psycopg.connect(database.superuser_url) as connection:
        counted: dict[str, int] = {}
        for name in tables(connection):
            row = connection.execute(f"select count(*) from {name} where tenant_id = %s", [tenant_id]).fetchone()
            assert row is not None
            counted[name] = row[0]
        return {name: count for name, count in counted.items() if count}


@pytest.fixture
def planted(platform: Database) -> Generator[Database]:
    """A tenant table that this code has never heard of, with a key of two columns and something sealed in it."""
    with psycopg.connect(platform.superuser_url, autocommit=True) as connection:
        connection.execute(
            """
            set role owner;
            create table app.planted (
                tenant_id uuid not null, day date not null, n bigint not null, sealed bytea not null, word text,
                primary key (tenant_id, day, n)
            );
            call directory.make_tenant_table('app.planted');
            """
        )
        try:
            yield platform
        finally:
            connection.execute("drop table app.planted")


def plant(tenant_id: UUID, *, rows: int, word: str) -> None:
    with tenant_session(tenant_id) as session:
        session.execute(
            """
            insert into app.planted select %(tenant_id)s, '2026-01-01'::date + (n %% 7), n, 'secret'::bytea, %(word)s
            from generate_series(1, %(rows)s) as n
            """,
            rows=rows,
            word=word,
        )


@pytest.mark.req("D008", "D064", "A003")
def test_an_export_holds_everything_and_nothing_of_anyone_else(
    planted: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "ROWS_PER_FILE", 40)
    owner, other = sign_up("Canario Proprio"), sign_up("Canario Alheio")
    connect_and_sync(owner, sim, sim.seller(items=5, orders=50, days=10))
    connect_and_sync(other, sim, sim.seller(items=5, orders=5, days=10))
    plant(tenant_of(owner), rows=100, word="mine")
    plant(tenant_of(other), rows=3, word="canary-of-another")
    before = rows_of(planted, tenant_of(owner))

    files = exported(owner)

    manifest = json.loads(files.pop("manifest.json"))
    counted = {table["table"]: table["rows"] for table in manifest["tables"]}
    changing = {"app.exports", "app.audit_log"}  # the export itself is one
    for name, count in before.items():
        if name.startswith("app.") and name not in changing:
            assert counted[name.removeprefix("app.")] == count, name
    assert counted["orders"] == 50
    assert counted["planted"] == 100
    for table in manifest["tables"]:
        for file in table["files"]:
            body = files.pop(file["name"])
            assert hashlib.sha256(body).hexdigest() == file["sha256"]
            assert len(body.splitlines()) == file["rows"] <= 40
            for line in map(json.loads, body.splitlines()):
                assert line.get("tenant_id", str(tenant_of(owner))) == str(tenant_of(owner))
            told = body.decode()
            assert str(tenant_of(other)) not in told
            assert "canary-of-another" not in told and "Canario Alheio" not in told
            assert "password" not in told and "sealed" not in told
    assert files == {}, "every file is in the manifest"
    withheld = {table["table"]: table["withheld_columns"] for table in manifest["tables"]}
    assert withheld["planted"] == ["sealed"]
    assert withheld["ml_account_tokens"] == ["access_token", "refresh_token"]


def test_each_row_is_exported_once_however_often_a_message_comes(planted: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "ROWS_PER_FILE", 10)
    owner = sign_up()
    plant(tenant_of(owner), rows=25, word="mine")
    export_id = ask(owner)
    for part in (0, 0, 1, 7, 1):
        export.work(ExportJob(tenant_id=tenant_of(owner), export_id=export_id, part=part), seconds=0)
        send_part(tenant_of(owner), export_id, part)
    drain("jobs", sync_worker)
    found = call(gateway, "GET", f"/tenant/exports/{export_id}", caller=owner.caller).json
    numbers = [
        json.loads(line)["n"]
        for link in found["links"]
        if "planted" in link["name"]
        for line in objects.get(objects.tenant_object(tenant_of(owner), "exports", str(export_id), link["name"])).splitlines()
    ]
    assert sorted(numbers) == list(range(1, 26))


def test_one_export_at_a_time_and_it_is_listed_and_entered() -> None:
    owner = sign_up()
    export_id = ask(owner)
    second = call(gateway, "POST", "/tenant/export", caller=owner.caller)
    assert (second.status, second.json["code"]) == (409, "export_running")
    early = call(gateway, "GET", f"/tenant/exports/{export_id}", caller=owner.caller)
    assert (early.status, early.json["code"]) == (409, "export_not_ready")
    drain("jobs", sync_worker)
    listed = call(gateway, "GET", "/tenant/exports", caller=owner.caller).json["data"]
    assert [(row["id"], row["status"]) for row in listed] == [(str(export_id), "done")]
    entry = call(gateway, "GET", "/audit-log", caller=owner.caller, query={"event": "EXPORTED"}).json["data"][0]
    assert entry["subject"] == str(export_id)
    assert entry["details"]["manifest_sha256"] == listed[0]["manifest_sha256"]


def test_another_tenants_export_is_not_there() -> None:
    owner, other = sign_up(), sign_up()
    export_id = ask(owner)
    assert call(gateway, "GET", f"/tenant/exports/{export_id}", caller=other.caller).status == 404
    assert call(gateway, "GET", "/tenant/exports", caller=other.caller).json["data"] == []
    assert call(gateway, "POST", "/tenant/export", caller=stranger("VIEWER")).status == 403


def test_an_old_export_is_marked_as_gone(platform: Database) -> None:
    owner = sign_up()
    export_id = ask(owner)
    drain("jobs", sync_worker)
    with psycopg.connect(platform.superuser_url, autocommit=True) as connection:
        connection.execute(
            "update app.exports set requested_at = requested_at - %s where tenant_id = %s",
            [retention.EXPORTS + timedelta(days=1), tenant_of(owner)],
        )
    with tenant_session(tenant_of(owner)) as session:
        assert retention.prune_exports(session) == 1
        assert retention.prune_exports(session) == 0
    assert call(gateway, "GET", f"/tenant/exports/{export_id}", caller=owner.caller).status == 409


@pytest.mark.req("D008")
def test_an_erasure_leaves_nothing_but_ids(planted: Database, sim: Simulator) -> None:
    owner, other = sign_up(), sign_up()
    tenant, neighbour = tenant_of(owner), tenant_of(other)
    connect_and_sync(owner, sim, sim.seller(items=3, orders=3, days=5))
    plant(tenant, rows=4, word="mine")
    plant(neighbour, rows=4, word="theirs")
    exported(owner)
    cache().set(tenant_key(tenant, "brand"), "x")
    cache().set(tenant_key(neighbour, "brand"), "x")
    objects.put(objects.tenant_object(tenant, "uploads", "a.txt"), b"1", content_type="text/plain")
    objects.put(objects.tenant_object(tenant, "uploads", "a.txt"), b"2", content_type="text/plain")
    untouched = rows_of(planted, neighbour)
    cancel(planted, tenant)

    receipt = run("erase-tenant", tenant=str(tenant))

    assert set(rows_of(planted, tenant)) == {"app.audit_log", "directory.audit_heads", "directory.tombstones"}
    assert rows_of(planted, neighbour) == untouched
    assert receipt["rows"]["app.planted"] == 4
    assert receipt["rows"]["app.orders"] == 3
    assert (receipt["rows"]["directory.users"], receipt["rows"]["directory.tenants"]) == (1, 1)
    assert list(objects.keys(objects.tenant_object(tenant))) == []
    assert receipt["objects"] >= 4, "older versions count too"
    assert cache().get(tenant_key(tenant, "brand")) is None
    assert cache().get(tenant_key(neighbour, "brand")) == "x"
    body = {name: value for name, value in receipt.items() if name != "sha256"}
    assert hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest() == receipt["sha256"]
    assert run("audit-verify", tenant=str(tenant))["holds"]
    with psycopg.connect(planted.superuser_url) as connection:
        assert connection.execute("select 1 from directory.users where email = %s", [owner.email]).fetchone() is None
    assert run("erase-tenant", tenant=str(tenant)) == receipt, "a second time changes nothing and says the same"


def test_a_restore_is_followed_by_the_same_erasures(platform: Database) -> None:
    owner = sign_up()
    tenant = tenant_of(owner)
    cancel(platform, tenant)
    run("erase-tenant", tenant=str(tenant))
    with psycopg.connect(platform.superuser_url, autocommit=True) as connection:
        # An older copy of the database: the tenant is there again, and no tombstone in it.
        connection.execute("delete from directory.tombstones where tenant_id = %s", [tenant])
        connection.execute(
            "insert into directory.tenants (id, name, email, status) values (%s, 'Restaurada', %s, 'ACTIVE')",
            [tenant, unique_email()],
        )
    receipts = {receipt["tenant_id"]: receipt for receipt in run("replay-erasures")["receipts"]}
    assert receipts[str(tenant)]["rows"]["directory.tenants"] == 1
    assert "directory.tenants" not in rows_of(platform, tenant)
    assert "directory.tombstones" in rows_of(platform, tenant)


def test_who_belongs_to_another_tenant_too_stays_a_person(platform: Database) -> None:
    owner, other = sign_up(), sign_up()
    with psycopg.connect(platform.superuser_url, autocommit=True) as connection:
        connection.execute(
            "insert into directory.memberships (tenant_id, user_id, role) values (%s, %s, 'AGENT')",
            [tenant_of(other), owner.caller.user_id],
        )
    cancel(platform, tenant_of(owner))
    assert run("erase-tenant", tenant=str(tenant_of(owner)))["rows"]["directory.users"] == 0
    assert tenant_of(log_in(owner.email, PASSWORD)) == tenant_of(other)


@pytest.mark.parametrize("what", ["unknown", "alive", "ours"])
def test_what_may_not_be_erased_is_refused_and_untouched(platform: Database, what: str) -> None:
    email = unique_email("mestre")
    run("create-platform-user", email=email, name="Mestre", password=PASSWORD, platform_role="MASTER")
    tenant = {"unknown": uuid4(), "alive": tenant_of(sign_up()), "ours": tenant_of(log_in(email))}[what]
    before = rows_of(platform, tenant)
    says = {"unknown": "There is no tenant", "alive": "Cancel it first", "ours": "our own tenant"}[what]
    with pytest.raises(ValueError, match=says):
        run("erase-tenant", tenant=str(tenant))
    assert rows_of(platform, tenant) == before


def test_queued_work_of_an_erased_tenant_is_refused(platform: Database) -> None:
    owner = sign_up()
    ask(owner)
    cancel(platform, tenant_of(owner))
    run("erase-tenant", tenant=str(tenant_of(owner)))
    drain("jobs", sync_worker)
    assert list(objects.keys(objects.tenant_object(tenant_of(owner)))) == []


def test_every_table_has_its_place_in_the_retention_table(platform: Database) -> None:
    with psycopg.connect(platform.superuser_url) as connection:
        held = {
            name
            for (name,) in connection.execute(
                """select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   where n.nspname in ('app', 'directory') and c.relkind in ('r', 'p')"""
            )
        }
    told = [table for kept in retention.TABLE for table in kept.tables]
    assert sorted(told) == sorted(held)


def test_the_clean_up_enforces_every_period() -> None:
    prunes = {*cleanup.DIRECTORY_PRUNES, *cleanup.TENANT_PRUNES} - {"anchored"}
    assert {kept.prune for kept in retention.TABLE if kept.prune} == prunes
