"""Who reads the audit log, and that nobody writes it anew."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.operations.handler import handler as operations
from painelml.core.db import directory_session
from tests.audit import entries, holds
from tests.http import call, gateway
from tests.people import log_in, sign_up, stranger, tenant_of

pytestmark = pytest.mark.usefixtures("platform")


@pytest.mark.parametrize("role", ["AGENT", "VIEWER"])
def test_only_owners_and_admins_read_it(role: str) -> None:
    assert call(gateway, "GET", "/audit-log", caller=stranger(role)).status == 403


def test_pages_and_filters() -> None:
    owner = sign_up()
    for _ in range(3):
        log_in(owner.email)
    first = call(gateway, "GET", "/audit-log", caller=owner.caller, query={"limit": "2"}).json
    rest = entries(owner, cursor=first["next_cursor"])
    assert [entry["sequence"] for entry in [*first["data"], *rest]] == [5, 4, 3, 2, 1]
    moment = first["data"][1]["occurred_at"]
    assert {entry["sequence"] for entry in entries(owner, **{"to": moment})} <= {1, 2, 3, 4}
    assert 5 in {entry["sequence"] for entry in entries(owner, **{"from": moment})}
    assert call(gateway, "GET", "/audit-log", caller=owner.caller, query={"from": "yesterday"}).status == 400
    assert call(gateway, "GET", "/audit-log", caller=owner.caller, query={"event": "NOTHING"}).status == 400
    assert call(gateway, "GET", "/audit-log", caller=owner.caller, query={"cursor": "WyJ4Il0"}).status == 400
    assert entries(sign_up())[0]["sequence"] == 2


def test_operations_verify_and_anchor_every_chain() -> None:
    from lambdas.cleanup.handler import handler as cleanup
    from tests.http import Context

    owner = sign_up()
    assert cleanup({}, Context())["anchored"] > 0
    found = operations({"verb": "audit-verify"}, None)
    assert found["chains"] > 0
    alone = operations({"verb": "audit-verify", "args": {"tenant": str(tenant_of(owner))}}, None)
    assert alone == {"holds": True, "chains": 1, "entries": 2, "faults": []}
    exported = operations({"verb": "audit-export", "args": {"tenant": str(tenant_of(owner))}}, None)
    assert (len(exported["lines"]), exported["next"]) == (2, None)


def test_a_chain_that_was_written_anew_is_found_by_its_anchor(platform: Any) -> None:
    import psycopg

    from painelml.audit.anchors import anchor

    owner = sign_up()
    tenant = tenant_of(owner)
    anchor([tenant])
    with psycopg.connect(platform.superuser_url, autocommit=True) as connection:
        connection.execute("delete from app.audit_log where tenant_id = %s", [tenant])
        connection.execute("delete from directory.audit_heads where tenant_id = %s", [tenant])
    log_in(owner.email)
    log_in(owner.email)
    assert holds(tenant)
    found = operations({"verb": "audit-verify", "args": {"tenant": str(tenant)}}, None)
    assert "anchored outside" in found["faults"][0]["fault"]


def test_a_directory_session_enters_one_tenant_only() -> None:
    from painelml.core.db import InsufficientPrivilege

    first, second = tenant_of(sign_up()), tenant_of(sign_up())
    with pytest.raises(InsufficientPrivilege), directory_session() as session:
        session.enter(first)
        session.enter(second)
