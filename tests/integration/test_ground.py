"""The floor that every tenant table stands on: roles as on RDS, and one way into a tenant."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from painelml.core import db
from tests.servers import Database


@pytest.mark.req("A054", "K49")
def test_a_transaction_is_inside_its_tenant_and_leaves_nothing_behind(database: Database) -> None:
    tenant = uuid4()
    with db.tenant_session(tenant) as session:
        assert session.value("select app.tid()") == tenant
    with db.directory_session() as session:
        assert session.value("select app.tid()") is None


def test_a_second_tenant_in_one_transaction_is_refused(database: Database) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), db.tenant_session(uuid4()) as session:
        session.execute("select app.enter_tenant(%(other)s)", other=uuid4())


def test_no_role_of_ours_is_a_superuser_or_bypasses_policies(database: Database) -> None:
    with psycopg.connect(database.superuser_url) as connection:
        powers = connection.execute(
            "select rolname, rolsuper or rolbypassrls from pg_roles where rolname in ('owner', 'app', 'painel_master')"
        ).fetchall()
    assert dict(powers) == {"owner": False, "app": False, "painel_master": False}


def test_a_dropped_connection_is_replaced_before_the_work_starts(database: Database) -> None:
    with db.directory_session() as session:
        pid = session.value("select pg_backend_pid()")
    with psycopg.connect(database.superuser_url, autocommit=True) as admin:
        admin.execute("select pg_terminate_backend(%s)", [pid])
    with db.tenant_session(uuid4()) as session:
        assert session.value("select pg_backend_pid()") != pid
