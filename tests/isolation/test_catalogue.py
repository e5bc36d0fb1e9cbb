"""The catalogue audit (L1): nothing to find in our schema, and each check fires on a fault planted for it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, LiteralString

import psycopg
import pytest

from painelml.core.migrate import audit, audit_sql
from tests.servers import Database

SOUND = """
create table app.planted (tenant_id uuid not null, id uuid not null, primary key (tenant_id, id));
call directory.make_tenant_table('app.planted');
"""
FAULTS: dict[str, LiteralString] = {
    "rls_off": "alter table app.planted no force row level security",
    "no_policy": "drop policy tenant on app.planted",
    "policy_differs": "drop policy tenant on app.planted; create policy tenant on app.planted using (true)",
    "tenant_id_nullable": "create table app.loose (tenant_id uuid, id uuid); call directory.make_tenant_table('app.loose')",
    "partition_uncovered": """
        create table app.parts (tenant_id uuid not null, day date not null) partition by range (day);
        call directory.make_tenant_table('app.parts');
        create table app.parts_2026 partition of app.parts for values from ('2026-01-01') to ('2027-01-01')
    """,
    "view_not_invoker": "create view app.everything as select * from app.planted",
    "matview_granted": """
        create materialized view app.summary as select count(*) from app.planted; grant select on app.summary to app
    """,
    "definer_not_allowed": """
        create function app.leak() returns bigint language sql security definer set search_path = pg_catalog, pg_temp
        as 'select count(*) from directory.users'; grant execute on function app.leak() to app
    """,
    "definer_search_path": "alter function app.find_login(text) reset search_path",
    "index_not_led_by_tenant": "create index by_id on app.planted (id)",
    "foreign_key_without_tenant": """
        alter table app.planted add other uuid unique;
        create table app.child (tenant_id uuid not null, other uuid references app.planted (other));
        call directory.make_tenant_table('app.child')
    """,
    "enum_in_index": """
        create type app.mood as enum ('good', 'bad'); alter table app.planted add mood app.mood;
        create index by_mood on app.planted (tenant_id, mood)
    """,
    "numeric_in_index": "alter table app.planted add price numeric; create index by_price on app.planted (tenant_id, price)",
    "app_is_powerful": "alter role app bypassrls",
    "app_owns": "alter table app.planted owner to app",
    "dangerous_grant": "grant truncate on app.planted to app",
    "directory_readable": "grant select (email) on directory.users to app",
}


@pytest.fixture
def planted(database: Database) -> Generator[psycopg.Connection[Any]]:
    """A superuser's transaction with one sound tenant table in it, which is never committed."""
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute(SOUND)
        yield connection
        connection.rollback()


def _findings(connection: psycopg.Connection[Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for check, name, _ in connection.execute(audit_sql()):
        found.setdefault(check, set()).add(name)
    return found


@pytest.mark.req("A003", "A045", "A055", "D010", "D011", "K09")
@pytest.mark.usefixtures("database")
def test_our_schema_has_nothing_to_find() -> None:
    assert audit() == []


def test_a_sound_table_is_no_finding(planted: psycopg.Connection[Any]) -> None:
    assert _findings(planted) == {}


@pytest.mark.req("A003", "A045", "A055", "D010", "D011")
@pytest.mark.parametrize("check", FAULTS)
def test_each_check_fires_on_its_fault(planted: psycopg.Connection[Any], check: str) -> None:
    planted.execute(FAULTS[check])
    assert check in _findings(planted)


def test_every_check_has_a_planted_fault() -> None:
    named = {line.split("'")[1] for line in audit_sql().splitlines() if line.startswith("select '")}
    assert named == set(FAULTS)
