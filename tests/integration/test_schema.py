"""The schema: made by the migration tool, the same when run again, with the indexes that the plan names."""

from __future__ import annotations

import os

import psycopg
import pytest

from painelml.core.migrate import audit, migrate
from tests import platform as started
from tests.http import call, gateway
from tests.people import PASSWORD, sign_up
from tests.postgres import PASSWORD as APP_PASSWORD
from tests.servers import Database


@pytest.mark.req("A023")
def test_migrations_run_again_change_nothing(database: Database) -> None:
    before = catalogue(database)
    version = migrate(database.owner_url, app_password=APP_PASSWORD)
    assert catalogue(database) == before
    with psycopg.connect(database.superuser_url) as admin:
        assert admin.execute("select version_num from public.alembic_version").fetchall() == [(version,)]
    assert audit() == []


@pytest.mark.req("B047", "B049", "B052")
@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("directory.users", "email"),
        ("directory.memberships", "tenant_id"),
        ("directory.sessions", "user_id"),
        ("directory.sessions", "token_hash"),
        ("app.ml_accounts", "tenant_id"),
    ],
)
def test_the_planned_look_ups_have_an_index(database: Database, table: str, columns: str) -> None:
    with psycopg.connect(database.superuser_url) as admin:
        leading = admin.execute(
            "select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]"
            " where i.indrelid = %s::regclass",
            [table],
        ).fetchall()
    assert columns in {name for (name,) in leading}


@pytest.mark.req("A096", "K11", "K48")
def test_sessions_outlive_the_cache(platform: Database) -> None:
    """The cache holds copies only: without it one still logs in and stays logged in."""
    kept = os.environ["PAINEL_CACHE_URL"]
    started.tell(PAINEL_CACHE_URL="redis+cluster://nobody:nothing@127.0.0.1:1")
    try:
        person = sign_up()
        answer = call(gateway, "POST", "/auth/login", body={"email": person.email, "password": PASSWORD})
        turned = call(gateway, "POST", "/auth/refresh", body={"refresh_token": answer.json["refresh_token"]})
    finally:
        started.tell(PAINEL_CACHE_URL=kept)
    assert (answer.status, turned.status) == (200, 200)


def catalogue(database: Database) -> list[tuple[object, ...]]:
    with psycopg.connect(database.superuser_url) as admin:
        return admin.execute(
            "select table_schema, table_name, column_name, data_type from information_schema.columns"
            " where table_schema in ('app', 'directory') order by 1, 2, ordinal_position"
        ).fetchall()
