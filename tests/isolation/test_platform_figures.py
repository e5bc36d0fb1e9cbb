"""Figures across tenants: from allow-listed functions that leave a mark in the audit log, never from a role that sees all."""

from __future__ import annotations

import re

import psycopg
import pytest

from lambdas.operations.handler import handler as operations
from ops.isolation.document import Document, Operation
from ops.openapi import DOCUMENT
from painelml.core import db
from painelml.core.migrate import audit_sql
from tests.http import call, gateway
from tests.people import PASSWORD, Person, log_in, sign_up, tenant_of, unique_email
from tests.servers import Database
from tests.wire import listening

ACROSS = [
    operation
    for operation in Document.read(DOCUMENT).operations
    if operation.is_platform and operation.method == "GET" and not operation.path_ids
]
ALLOWED = set(re.findall(r"\('(app\.\w+)\(", audit_sql())) | {"app.enter_tenant", "app.tid"}
# What a request does inside our own tenant: its mark in the log.
MARK = re.compile(r"^insert into app\.audit_log ")
BYPASSING = "select rolname from pg_roles where rolbypassrls and not rolsuper"
OWNERS = """
select distinct r.rolname, r.rolsuper, r.rolbypassrls, r.rolcanlogin
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles r on r.oid = p.proowner
where n.nspname in ('app', 'directory') and p.prosecdef
"""
TENANT_TABLES = """
select c.oid::regclass::text from pg_class c
where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and has_table_privilege('app', c.oid, 'select')
"""


@pytest.fixture(scope="module")
def master(platform: Database) -> Person:
    email = unique_email("master")
    args = {"email": email, "name": "Gente", "password": PASSWORD, "platform_role": "MASTER"}
    operations({"verb": "create-platform-user", "args": args}, None)
    return log_in(email)


@pytest.mark.req("A003", "A012", "A055")
@pytest.mark.parametrize("operation", ACROSS, ids=lambda operation: operation.name)
def test_figures_come_from_allow_listed_functions_and_leave_a_mark(
    platform: Database, master: Person, operation: Operation
) -> None:
    sign_up()
    with listening(platform) as wire:
        answer = call(gateway, operation.method, operation.path, token=master.access_token)
    assert answer.status == 200, answer.text
    marks = [sent for sent in wire.statements if MARK.match(sent)]
    assert len(marks) == 1, f"{operation.name} is not in the audit log"
    asked = " ".join(sent for sent in wire.statements if sent not in marks)
    assert set(re.findall(r"\b((?:app|directory)\.\w+)", asked)) <= ALLOWED


@pytest.mark.req("A003", "A055")
def test_no_role_sees_across_tenants(database: Database) -> None:
    with psycopg.connect(database.superuser_url) as catalogue:
        assert catalogue.execute(BYPASSING).fetchall() == []
        assert catalogue.execute(OWNERS).fetchall() == [("owner", False, False, False)]


@pytest.mark.req("A003", "A055")
def test_the_platforms_own_session_sees_no_tenants_rows(database: Database, master: Person) -> None:
    """The functions that it may call are the only way: its role is everyone's."""
    call(gateway, "PATCH", "/settings", body={"language": "en"}, token=sign_up().access_token)
    with psycopg.connect(database.superuser_url) as catalogue:
        tables = [name for (name,) in catalogue.execute(TENANT_TABLES).fetchall()]
    assert "app.settings" in tables
    with db.tenant_session(tenant_of(master)) as session:
        for table in tables:
            foreign = f"select count(*) from {table} where tenant_id <> %(tenant_id)s"
            assert session.value(foreign) == 0, table


def test_there_are_figures_to_judge() -> None:
    assert "/admin/tenants" in {operation.path for operation in ACROSS}
