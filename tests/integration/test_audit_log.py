"""The audit log in PostgreSQL: chained by the database, append-only for app, one chain however many write."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from uuid import UUID, uuid4

import psycopg
import pytest

from painelml.audit import AuditEvent, record, service
from painelml.core import db
from painelml.core.db import tenant_session
from tests.servers import Database


def verdict(tenant_id: UUID) -> list[str]:
    with tenant_session(tenant_id) as session:
        return service.verify(session).faults


def entered(tenant_id: UUID, *events: AuditEvent) -> None:
    with tenant_session(tenant_id) as session:
        for event in events:
            record(session, event, actor=uuid4(), subject="pml_1", details={"role": "OWNER", "a_b": 7, "ab": True, "b": "x/y"})


def test_the_database_and_the_verifier_hash_alike(database: Database) -> None:
    tenant = uuid4()
    entered(tenant, AuditEvent.LOGGED_IN, AuditEvent.ROLE_CHANGED, AuditEvent.LOGGED_OUT)
    with tenant_session(tenant) as session:
        record(session, AuditEvent.PLATFORM_ACTION)
        found = service.verify(session)
        page = service.entries(session, limit=2)
    assert (found.entries, found.faults) == (4, [])
    assert [entry.event for entry in page.data] == ["PLATFORM_ACTION", "LOGGED_OUT"]
    assert page.data[0].hash == found.head


def test_an_exported_line_can_be_checked_without_us(database: Database) -> None:
    tenant = uuid4()
    entered(tenant, AuditEvent.LOGGED_IN, AuditEvent.LOGGED_OUT)
    previous = bytes(32)
    with tenant_session(tenant) as session:
        lines = list(service.lines(session))
    for line in lines:
        entry = json.loads(line)
        given = entry.pop("hash")
        previous = sha256(previous + json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()).digest()
        assert previous.hex() == given
    assert len(lines) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "update app.audit_log set subject = '' where tenant_id = %(tenant_id)s",
        "delete from app.audit_log where tenant_id = %(tenant_id)s",
        "truncate app.audit_log",
        "select * from directory.audit_heads",
        "update directory.audit_heads set sequence = 0",
        "alter table app.audit_log disable trigger chain",
    ],
)
def test_app_can_only_add_and_read(database: Database, statement: str) -> None:
    tenant = uuid4()
    entered(tenant, AuditEvent.LOGGED_IN)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), tenant_session(tenant) as session:
        session.execute(statement)  # type: ignore[arg-type]
    assert verdict(tenant) == []


def test_a_place_in_the_chain_cannot_be_forged(database: Database) -> None:
    tenant = uuid4()
    entered(tenant, AuditEvent.LOGGED_IN)
    with tenant_session(tenant) as session:
        session.execute(
            """
            insert into app.audit_log (tenant_id, sequence, occurred_at, event, subject, details, hash)
            values (%(tenant_id)s, 99, now(), 'ERASED', '', '{}', sha256('forged'))
            """
        )
    assert verdict(tenant) == []
    with tenant_session(tenant) as session:
        assert service.entries(session, limit=1).data[0].sequence == 2


def test_nobody_writes_in_another_tenants_chain(database: Database) -> None:
    mine, other = uuid4(), uuid4()
    entered(other, AuditEvent.LOGGED_IN)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), tenant_session(mine) as session:
        session.execute(
            """
            insert into app.audit_log (tenant_id, occurred_at, event, subject, details)
            values (%(other)s, now(), 'ERASED', '', '{}')
            """,
            other=other,
        )
    with tenant_session(mine) as session:
        assert service.entries(session, limit=10).data == []
        assert service.verify(session).entries == 0


def test_fifty_writers_at_once_keep_one_chain(database: Database) -> None:
    tenant = uuid4()

    def write(number: int) -> None:
        try:
            with tenant_session(tenant) as session:
                record(session, AuditEvent.KEY_USED, details={"writer": number})
        finally:
            db.disconnect()

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(write, range(200)))
    with tenant_session(tenant) as session:
        found = service.verify(session)
        writers = {entry.details["writer"] for entry in service.all_entries(session)}
    assert (found.entries, found.faults, len(writers)) == (200, [], 200)


def test_a_transaction_that_is_undone_leaves_no_gap(database: Database) -> None:
    tenant = uuid4()
    entered(tenant, AuditEvent.LOGGED_IN)
    with pytest.raises(ZeroDivisionError), tenant_session(tenant) as session:
        record(session, AuditEvent.ROLE_CHANGED)
        raise ZeroDivisionError
    entered(tenant, AuditEvent.LOGGED_OUT)
    assert verdict(tenant) == []


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (
            "update app.audit_log set subject = 'x' where tenant_id = %s and sequence = 2",
            "entry 2 or one before it was changed",
        ),
        ("delete from app.audit_log where tenant_id = %s and sequence = 2", "entry 2 is missing"),
        ("delete from app.audit_log where tenant_id = %s and sequence = 3", "its registered head is 3"),
    ],
)
def test_what_a_superuser_changes_is_found(database: Database, fault: str, says: str) -> None:
    tenant = uuid4()
    entered(tenant, AuditEvent.LOGGED_IN, AuditEvent.ROLE_CHANGED, AuditEvent.LOGGED_OUT)
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute(fault, [tenant])  # type: ignore[call-overload]
    assert says in " ".join(verdict(tenant))
