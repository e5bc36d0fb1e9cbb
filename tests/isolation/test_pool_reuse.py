"""One connection, many tenants (L4): whatever happened before, a transaction sees its own tenant and no other."""

from __future__ import annotations

from collections.abc import Generator
from typing import Literal
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from painelml.core import db
from painelml.core.clock import now
from painelml.core.db import TenantSession
from tests.servers import Database

pytestmark = pytest.mark.usefixtures("database")

COUNT = "select count(*) from app.idempotency_keys"
FOREIGN = "select count(*) from app.idempotency_keys where tenant_id <> %(tenant_id)s"
INSERT = """
insert into app.idempotency_keys (tenant_id, user_id, key, route, request_hash, claimed_at)
values (%(owner)s, %(user)s, %(key)s, 'POST /x', '\\x00', %(moment)s)
"""
Step = tuple[int, Literal["write", "read", "error", "undo", "savepoint", "foreign"]]


def write(session: TenantSession, owner: UUID) -> None:
    session.execute(INSERT, owner=owner, user=uuid4(), key=str(uuid4()), moment=now())


@pytest.fixture
def pids() -> Generator[set[int]]:
    """The server processes that a test met; one means one connection."""
    db.disconnect()
    yield set()
    db.disconnect()


class Undo(Exception):
    """Raised inside a transaction to undo it."""


@pytest.mark.req("A054", "A003", "K49")
def test_tenants_take_turns_on_one_connection(pids: set[int]) -> None:
    first, second = uuid4(), uuid4()
    for tenant, expected in ((first, 1), (second, 1), (first, 2)):
        with db.tenant_session(tenant) as session:
            write(session, tenant)
            assert session.value(COUNT) == expected
            pids.add(session.value("select pg_backend_pid()"))
    with db.directory_session() as outside:
        assert outside.value(COUNT) == 0
        pids.add(outside.value("select pg_backend_pid()"))
    assert len(pids) == 1


@pytest.mark.req("A055", "A003")
def test_without_a_tenant_nothing_is_read_and_nothing_written(database: Database) -> None:
    with db.directory_session() as session:
        assert session.value(COUNT) == 0
    with pytest.raises(db.InsufficientPrivilege), db.directory_session() as session:
        session.execute(INSERT, owner=uuid4(), user=uuid4(), key="k", moment=now())


@pytest.mark.req("A055", "A003")
def test_no_tenant_writes_for_another(database: Database) -> None:
    with pytest.raises(db.InsufficientPrivilege), db.tenant_session(uuid4()) as session:
        write(session, uuid4())


@pytest.mark.req("A055", "A003")
def test_the_directory_cannot_be_read(database: Database) -> None:
    with psycopg.connect(database.superuser_url) as catalogue:
        tables = [name for (name,) in catalogue.execute("select tablename from pg_tables where schemaname = 'directory'")]
    assert {"tenants", "users", "memberships", "sessions"} <= set(tables)
    for table in tables:
        with pytest.raises(db.InsufficientPrivilege), db.tenant_session(uuid4()) as session:
            session.rows(f"select * from directory.{table}")


@pytest.mark.req("A003", "A055", "K49")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["write", "read", "error", "undo", "savepoint", "foreign"])), max_size=25
    )
)
def test_any_order_of_work_and_faults_keeps_tenants_apart(database: Database, steps: list[Step]) -> None:
    tenants = [uuid4(), uuid4(), uuid4()]
    kept = [0, 0, 0]
    for which, what in steps:
        tenant = tenants[which]
        try:
            with db.tenant_session(tenant) as session:
                assert session.value(FOREIGN) == 0
                assert session.value(COUNT) == kept[which]
                _act(session, tenant, tenants[which - 1], what)
                if what == "write":
                    kept[which] += 1
                assert session.value(COUNT) == kept[which]
        except (Undo, ZeroDivisionError, db.InsufficientPrivilege):
            pass
    for tenant, expected in zip(tenants, kept, strict=True):
        with db.tenant_session(tenant) as session:
            assert session.value(COUNT) == expected


def _act(session: TenantSession, tenant: UUID, other: UUID, what: str) -> None:
    if what == "write":
        write(session, tenant)
    elif what == "undo":
        write(session, tenant)
        raise Undo
    elif what == "error":
        write(session, tenant)
        raise ZeroDivisionError
    elif what == "foreign":
        session.execute("select app.enter_tenant(%(other)s)", other=other)
    elif what == "savepoint":
        try:
            with session.savepoint():
                write(session, tenant)
                raise Undo
        except Undo:
            assert session.value("select app.tid()") == tenant
