"""What is entered in the audit log, where, and by whom it can be read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from lambdas.auth.handler import handler as auth
from lambdas.operations.handler import handler as operations
from painelml.audit import service
from painelml.core.db import directory_session, tenant_session
from tests.http import call, gateway
from tests.people import PASSWORD, Person, log_in, sign_up, stranger, tenant_of, unique_email
from tests.sellers import connect
from tests.simulator import Simulator

pytestmark = pytest.mark.usefixtures("platform")


def entries(person: Person, **query: str) -> list[dict[str, Any]]:
    answer = call(gateway, "GET", "/audit-log", caller=person.caller, query={"limit": "100", **query})
    assert answer.status == 200, answer.text
    found: list[dict[str, Any]] = answer.json["data"]
    return found


def events(person: Person) -> list[str]:
    return [entry["event"] for entry in reversed(entries(person))]


def holds(tenant_id: UUID) -> bool:
    with tenant_session(tenant_id) as session:
        return not service.verify(session).faults


def newcomer(role: str = "AGENT") -> dict[str, str]:
    return {"name": "Colega", "email": unique_email(), "password": PASSWORD, "role": role}


def at_home(person: Person) -> list[str]:
    """Our own chain, which no role of the platform reads over the API."""
    with tenant_session(tenant_of(person)) as session:
        return [entry.event for entry in service.all_entries(session)]


def platform_person() -> Person:
    email = unique_email("mestre")
    args = {"email": email, "name": "Mestre", "password": PASSWORD, "platform_role": "MASTER"}
    operations({"verb": "create-platform-user", "args": args}, None)
    return log_in(email)


@pytest.mark.req("A145")
def test_logging_in_and_out_is_entered(platform: object) -> None:
    owner = sign_up()
    wrong = call(auth, "POST", "/auth/login", body={"email": owner.email, "password": "errada errada errada"})
    assert wrong.status == 401
    for _ in range(2):
        call(auth, "POST", "/auth/logout", body={"refresh_token": owner.refresh_token})
    owner = log_in(owner.email)  # a token whose session is over reads nothing
    assert events(owner) == ["SIGNED_UP", "LOGGED_IN", "LOGIN_FAILED", "LOGGED_OUT", "LOGGED_IN"]
    assert entries(owner, event="LOGGED_IN")[0]["actor_id"] == str(owner.caller.user_id)
    assert holds(tenant_of(owner))


@pytest.mark.req("A145")
def test_a_login_as_nobody_is_entered_in_our_own_chain() -> None:
    master = platform_person()
    before = at_home(master)
    call(auth, "POST", "/auth/login", body={"email": unique_email("ninguem"), "password": PASSWORD})
    assert at_home(master) == [*before, "LOGIN_FAILED"]


@pytest.mark.req("K11")
def test_a_refresh_token_shown_again_is_entered() -> None:
    owner = sign_up()
    other = {"User-Agent": "someone else"}
    call(auth, "POST", "/auth/refresh", body={"refresh_token": owner.refresh_token})
    again = call(auth, "POST", "/auth/refresh", body={"refresh_token": owner.refresh_token}, headers=other)
    assert again.status == 401
    assert events(log_in(owner.email))[-2:] == ["REFRESH_REUSED", "LOGGED_IN"]


@pytest.mark.req("A146")
def test_people_and_roles_are_entered() -> None:
    owner = sign_up()
    added = call(gateway, "POST", "/users", body=newcomer(), caller=owner.caller)
    assert added.status == 201, added.text
    person = f"/users/{added.json['id']}"
    assert call(gateway, "PATCH", person, body={"role": "ADMIN"}, caller=owner.caller).status == 200
    assert call(gateway, "PATCH", person, body={"name": "Outro Nome"}, caller=owner.caller).status == 200
    assert call(gateway, "DELETE", person, caller=owner.caller).status == 204
    assert events(owner)[2:] == ["USER_ADDED", "ROLE_CHANGED", "USER_DEACTIVATED"]
    changed = entries(owner, event="ROLE_CHANGED")[0]
    assert (changed["subject"], changed["details"]) == (added.json["id"], {"from": "AGENT", "to": "ADMIN"})


@pytest.mark.req("A147", "K13")
def test_connections_are_entered_and_so_is_a_seller_of_another_tenant(sim: Simulator) -> None:
    holder, other = sign_up(), sign_up()
    seller = sim.seller(items=1, orders=1, days=5)
    account_id = connect(holder, sim, seller)
    with pytest.raises(AssertionError):
        connect(other, sim, seller)
    refused = entries(other, event="ACCOUNT_REFUSED")[0]
    assert refused["details"] == {"seller_id": seller, "reason": "seller_connected_elsewhere"}
    assert str(tenant_of(holder)) not in str(refused)
    assert call(gateway, "DELETE", f"/ml-accounts/{account_id}", caller=holder.caller).status == 204
    assert events(holder)[2:] == ["ACCOUNT_CONNECTED", "ACCOUNT_DISCONNECTED"]
    assert entries(holder)[0]["actor_id"] == str(holder.caller.user_id)


@pytest.mark.req("A148")
def test_what_the_platform_does_is_entered_in_the_tenants_chain() -> None:
    master, owner = platform_person(), sign_up()
    tenant = f"/admin/tenants/{tenant_of(owner)}"
    assert call(gateway, "GET", tenant, caller=master.caller).status == 200
    changes = {"plan": "PRO", "status": "ACTIVE"}
    assert call(gateway, "PATCH", tenant, body=changes, caller=master.caller).status == 200
    assert events(owner)[2:] == ["PLATFORM_ACTION", "PLATFORM_ACTION", "STATUS_CHANGED", "PLAN_CHANGED"]
    plan = entries(owner, event="PLAN_CHANGED", actor=str(master.caller.user_id))[0]
    assert plan["details"] == {"from": "painel.free", "to": "painel.pro"}
    assert call(gateway, "GET", "/admin/tenants", caller=master.caller).status == 200
    assert at_home(master)[-1] == "PLATFORM_ACTION"


def test_a_refused_change_leaves_no_entry() -> None:
    owner = sign_up()
    myself = f"/users/{owner.caller.user_id}"
    assert call(gateway, "PATCH", myself, body={"role": "VIEWER"}, caller=owner.caller).status == 409
    assert events(owner) == ["SIGNED_UP", "LOGGED_IN"]


def test_no_personal_data_is_in_the_chain() -> None:
    owner = sign_up("Razao Social Canario")
    call(gateway, "PATCH", "/tenant", body={"name": "Canario Dois", "email": unique_email("canario")}, caller=owner.caller)
    told = str(entries(owner)).lower()
    assert "canario" not in told
    assert "@" not in told


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
