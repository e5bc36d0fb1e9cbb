"""What is entered in the audit log, and where."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest

from lambdas.auth.handler import handler as auth
from lambdas.operations.handler import handler as operations
from lambdas.platform.handler import app as platform
from painelml.audit import service
from painelml.core.db import disconnect, tenant_session
from painelml.identity import api_keys, totp
from tests.audit import entries, holds
from tests.http import call, gateway
from tests.letters import token_to
from tests.operators import platform_person
from tests.people import PASSWORD, Person, log_in, sign_up, tenant_of, unique_email
from tests.sellers import connect
from tests.simulator import Simulator

pytestmark = pytest.mark.usefixtures("platform")


def events(person: Person) -> list[str]:
    return [entry["event"] for entry in reversed(entries(person))]


def newcomer(role: str = "AGENT") -> dict[str, str]:
    return {"name": "Colega", "email": unique_email(), "password": PASSWORD, "role": role}


def at_home(person: Person) -> list[str]:
    """Our own chain, which no role of the platform reads over the API."""
    with tenant_session(tenant_of(person)) as session:
        return [entry.event for entry in service.all_entries(session)]


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


@pytest.mark.req("A145")
def test_guessing_that_has_to_wait_is_entered_once_for_each_wait() -> None:
    owner, place = sign_up(), f"2001:db8::{uuid4().hex[:4]}"
    wrong = {"email": owner.email, "password": "errada errada errada"}
    statuses = [call(auth, "POST", "/auth/login", body=wrong, address=place).status for _ in range(9)]
    assert statuses == [401] * 5 + [429] * 4
    throttled = entries(owner, event="LOGIN_THROTTLED")
    assert [entry["details"] for entry in throttled] == [{"counted_by": "pair"}]
    assert throttled[0]["actor_id"] == str(owner.caller.user_id)
    assert place not in str(entries(owner))


@pytest.mark.req("A145")
def test_guessing_at_nobody_costs_the_same_entry_at_home() -> None:
    master, nobody, place = platform_person(), unique_email("ninguem"), f"2001:db8::{uuid4().hex[:4]}"
    before = at_home(master)
    for _ in range(7):
        call(auth, "POST", "/auth/login", body={"email": nobody, "password": PASSWORD}, address=place)
    assert at_home(master)[len(before) :] == ["LOGIN_FAILED"] * 5 + ["LOGIN_THROTTLED"]


@pytest.mark.req("A145")
def test_every_way_a_session_ends_is_entered() -> None:
    owner = sign_up()
    second = log_in(owner.email)
    call(gateway, "DELETE", f"/auth/sessions/{second.caller.session_id}", token=owner.access_token)
    call(gateway, "POST", "/auth/logout-all", token=owner.access_token)
    owner = log_in(owner.email)
    assert events(owner)[3:] == ["SESSION_ENDED", "SESSIONS_ENDED", "LOGGED_IN"]
    assert entries(owner, event="SESSION_ENDED")[0]["subject"] == str(second.caller.session_id)
    assert entries(owner, event="SESSIONS_ENDED")[0]["details"] == {"sessions": 1}


@pytest.mark.req("A056", "B060")
def test_what_opens_an_account_is_entered_when_it_changes() -> None:
    owner, fresh, new = sign_up(), unique_email("nova"), "outra frase bem comprida"
    call(gateway, "POST", "/auth/verify-email", body={"token": token_to(owner.email)})
    change = {"current_password": PASSWORD, "new_password": new}
    assert call(gateway, "POST", "/me/password", body=change, token=owner.access_token).status == 204
    assert call(gateway, "POST", "/auth/forgot-password", body={"email": owner.email}).status == 202
    reset = {"token": token_to(owner.email), "password": PASSWORD}
    assert call(gateway, "POST", "/auth/reset-password", body=reset).status == 204
    owner = log_in(owner.email)
    moved = {"current_password": PASSWORD, "email": fresh}
    assert call(gateway, "POST", "/me/email", body=moved, token=owner.access_token).status == 202
    assert call(gateway, "POST", "/auth/verify-email", body={"token": token_to(fresh)}).status == 204
    assert events(owner)[2:] == ["EMAIL_VERIFIED", "PASSWORD_CHANGED", "PASSWORD_RESET", "LOGGED_IN", "EMAIL_CHANGED"]
    assert {entry["actor_id"] for entry in entries(owner)} == {str(owner.caller.user_id)}
    assert "@" not in str(entries(owner))


@pytest.mark.req("A056", "B060")
def test_the_second_factor_is_entered_when_it_comes_goes_or_is_replaced_by_a_code() -> None:
    owner = sign_up()
    begun = call(gateway, "POST", "/auth/totp", body={"current_password": PASSWORD}, token=owner.access_token).json
    step = int(datetime.now(UTC).timestamp()) // totp.STEP_SECONDS
    code = totp.code_at(base64.b32decode(begun["secret"]), step)
    codes = call(gateway, "POST", "/auth/totp/confirm", body={"code": code}, token=owner.access_token).json["recovery_codes"]
    log_in_with = {"email": owner.email, "password": PASSWORD, "code": codes[0]}
    assert call(auth, "POST", "/auth/login", body=log_in_with).status == 200
    given_up = {"current_password": PASSWORD, "code": codes[1]}
    assert call(gateway, "POST", "/auth/totp/disable", body=given_up, token=owner.access_token).status == 204
    assert events(owner)[2:] == [
        "SECOND_FACTOR_ADDED",
        "RECOVERY_CODE_USED",
        "LOGGED_IN",
        "RECOVERY_CODE_USED",
        "SECOND_FACTOR_REMOVED",
    ]
    assert not any(secret in str(entries(owner)) for secret in (*codes, begun["secret"]))


@pytest.mark.req("K33", "B060")
def test_a_keys_life_is_entered_and_its_use_once_a_day() -> None:
    owner = sign_up()
    body = {"name": "ERP Canario", "scopes": ["READ_TENANT"]}
    made = call(gateway, "POST", "/api-keys", body=body, token=owner.access_token).json
    noon = datetime.now(UTC).replace(hour=12)
    for moment in (noon, noon + timedelta(hours=2), noon + timedelta(days=1), noon + timedelta(days=1, hours=3)):
        with patch("painelml.identity.api_keys.now", lambda moment=moment: moment):
            assert call(gateway, "GET", "/tenant", token=made["key"]).status == 200
    assert call(gateway, "DELETE", f"/api-keys/{made['id']}", token=owner.access_token).status == 204
    assert events(owner)[2:] == ["KEY_CREATED", "KEY_USED", "KEY_USED", "KEY_REVOKED"]
    told = entries(owner)[:4]
    assert {entry["subject"] for entry in told} == {made["id"]}
    assert {entry["actor_id"] for entry in told} == {str(owner.caller.user_id)}
    assert made["key"] not in str(told)
    assert "Canario" not in str(told)


@pytest.mark.req("K33")
def test_a_key_that_is_used_by_many_at_once_is_entered_once() -> None:
    owner = sign_up()
    body = {"name": "ERP", "scopes": ["READ_TENANT"]}
    key = call(gateway, "POST", "/api-keys", body=body, token=owner.access_token).json["key"]

    def use(_: int) -> UUID:
        try:
            return api_keys.prove(key).tenant_id
        finally:
            disconnect()

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(use, range(24))) == {tenant_of(owner)}
    assert events(owner).count("KEY_USED") == 1


@pytest.mark.req("A055", "A056", "A145")
def test_a_tenant_that_is_not_ones_own_is_refused_and_entered() -> None:
    owner, other = sign_up(), sign_up()
    wanted = {"tenant_id": str(tenant_of(other))}
    assert call(gateway, "POST", "/auth/switch-tenant", body=wanted, token=owner.access_token).status == 404
    refused = entries(owner, event="FOREIGN_TENANT_REFUSED")[0]
    assert (refused["subject"], refused["actor_id"]) == (str(tenant_of(other)), str(owner.caller.user_id))
    assert events(other) == ["SIGNED_UP", "LOGGED_IN"]


@pytest.mark.req("A055", "K43")
def test_a_partner_that_reaches_for_anothers_tenant_is_entered_in_its_own_log() -> None:
    partner, other = platform_person("PARTNER"), sign_up()
    path = f"/admin/tenants/{tenant_of(other)}"
    reached = (
        ("GET", path, None),
        ("GET", f"{path}/provisioning", None),
        ("PATCH", path, {"name": "Minha"}),
        ("DELETE", path, None),
    )
    for method, at, body in reached:
        assert call(gateway, method, at, body=body, token=partner.access_token).status == 404
    assert at_home(partner)[1:] == ["FOREIGN_TENANT_REFUSED"] * 4
    assert events(other) == ["SIGNED_UP", "LOGGED_IN"]


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
    assert call(gateway, "PATCH", person, body={"is_active": True}, caller=owner.caller).status == 200
    assert events(owner)[2:] == ["USER_ADDED", "ROLE_CHANGED", "USER_DEACTIVATED", "USER_REACTIVATED"]
    changed = entries(owner, event="ROLE_CHANGED")[0]
    assert (changed["subject"], changed["details"]) == (added.json["id"], {"from": "AGENT", "to": "ADMIN"})


@pytest.mark.req("A146")
def test_an_invitation_is_entered_from_its_letter_to_the_membership() -> None:
    owner, email = sign_up(), unique_email("convidada")
    ask = {"email": email, "role": "AGENT"}
    first = call(gateway, "POST", "/invitations", body=ask, token=owner.access_token).json["id"]
    assert call(gateway, "DELETE", f"/invitations/{first}", token=owner.access_token).status == 204
    second = call(gateway, "POST", "/invitations", body=ask, token=owner.access_token).json["id"]
    joined = call(
        gateway, "POST", "/auth/accept-invitation", body={"token": token_to(email), "name": "Convidada", "password": PASSWORD}
    )
    told = [(entry["event"], entry["subject"], entry["details"]) for entry in reversed(entries(owner))][2:]
    assert told == [
        ("USER_INVITED", first, {"role": "AGENT"}),
        ("INVITATION_REVOKED", first, {}),
        ("USER_INVITED", second, {"role": "AGENT"}),
        ("USER_JOINED", joined.json["user_id"], {"role": "AGENT"}),
    ]


@pytest.mark.req("A056", "B060")
def test_what_a_tenant_changes_about_itself_is_entered_without_its_words() -> None:
    owner = sign_up()
    assert call(gateway, "PATCH", "/tenant", body={"name": "Outro Nome"}, token=owner.access_token).status == 200
    assert call(gateway, "PATCH", "/settings", body={"currency": "USD"}, token=owner.access_token).status == 200
    told = [(entry["event"], entry["details"]) for entry in reversed(entries(owner))][2:]
    assert told == [("TENANT_CHANGED", {"name": True}), ("SETTINGS_CHANGED", {})]


@pytest.mark.req("A056", "A145", "K12")
def test_a_switch_is_entered_where_it_leads_to() -> None:
    owner, guest = sign_up(), sign_up()
    call(gateway, "POST", "/auth/verify-email", body={"token": token_to(guest.email)})
    call(gateway, "POST", "/invitations", body={"email": guest.email, "role": "VIEWER"}, token=owner.access_token)
    call(gateway, "POST", "/auth/accept-invitation", body={"token": token_to(guest.email)})
    wanted = {"tenant_id": str(tenant_of(owner))}
    assert call(gateway, "POST", "/auth/switch-tenant", body=wanted, token=guest.access_token).status == 200
    entry = entries(owner, event="TENANT_SWITCHED")[0]
    assert (entry["actor_id"], entry["subject"]) == (str(guest.caller.user_id), str(tenant_of(guest)))


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


@pytest.mark.req("A148")
def test_another_subscription_is_entered_with_its_plans() -> None:
    master, owner = platform_person(), sign_up()
    path = f"/admin/tenants/{tenant_of(owner)}/subscription"
    changes = {"plans": ["pro", "atendimento.business"], "agreed_limits": {"agents": 40}}
    assert call(gateway, "GET", path, caller=master.caller).status == 200
    assert call(gateway, "PATCH", path, body=changes, caller=master.caller).status == 200
    assert call(gateway, "PATCH", path, body={"currency": "USD"}, caller=master.caller).status == 200
    told = [(entry["event"], entry["subject"], entry["details"]) for entry in reversed(entries(owner))][2:]
    assert told == [
        ("PLATFORM_ACTION", "tenant.read", {}),
        ("PLATFORM_ACTION", "subscription.change", {"plans": True, "agreed_limits": True}),
        ("PLAN_CHANGED", "", {"from": "painel.free", "to": "painel.pro+atendimento.business"}),
        ("PLATFORM_ACTION", "subscription.change", {"currency": True}),
    ]


@pytest.mark.req("A056", "K43")
def test_every_route_of_the_platform_leaves_an_entry_of_its_caller() -> None:
    """Each route, called once by MASTER, makes one more entry by that person, in the tenant's chain or at home."""
    master = platform_person()
    owner = {"name": "Primeira", "email": unique_email("dona"), "password": PASSWORD}
    opened = call(
        gateway, "POST", "/admin/tenants", body={"name": "Nova", "email": unique_email(), "owner": owner}, caller=master.caller
    )
    assert opened.status == 201, opened.text
    tenant_id = UUID(opened.json["tenant"]["id"])
    assert deeds(tenant_id, master) == ["tenant.open"]
    body = {"PATCH": {}, "POST": owner}
    for route in [*platform._static_routes, *platform._dynamic_routes]:
        path = route.openapi_path.replace("{tenant_id}", str(tenant_id))
        if route.method in {"POST", "DELETE"}:
            continue
        before = len(deeds(tenant_id, master)) + len(deeds(tenant_of(master), master))
        answer = call(gateway, route.method, path, body=body.get(route.method), caller=master.caller)
        assert answer.status == 200, (route.method, path, answer.text)
        assert len(deeds(tenant_id, master)) + len(deeds(tenant_of(master), master)) == before + 1, (route.method, path)
    assert call(gateway, "DELETE", f"/admin/tenants/{tenant_id}", caller=master.caller).status == 204
    assert deeds(tenant_id, master)[-1] == "tenant.change"


def deeds(tenant_id: UUID, person: Person) -> list[str]:
    with tenant_session(tenant_id) as session:
        chain = list(service.all_entries(session))
    return [e.subject for e in chain if e.event == "PLATFORM_ACTION" and e.actor_id == person.caller.user_id]


@pytest.mark.req("A056", "K43")
def test_what_an_operator_does_by_command_is_entered_too() -> None:
    master, owner = platform_person(), sign_up()
    made = operations({"verb": "tenant-create", "args": {"name": "Empresa", "email": unique_email("empresa")}}, None)
    tenant_id = UUID(made["tenant"]["id"])
    with tenant_session(tenant_id) as session:
        assert [(e.event, e.subject) for e in service.all_entries(session)] == [
            ("PLATFORM_ACTION", "tenant.open"),
            ("SIGNED_UP", ""),
        ]
    operations({"verb": "tenant-move", "args": {"id": str(tenant_of(owner)), "status": "SUSPENDED"}}, None)
    refused = operations({"verb": "tenant-show", "args": {"id": str(uuid4())}}, None)
    assert refused["error"]["code"] == "not_found"
    with tenant_session(tenant_of(master)) as session:
        told = [e for e in service.all_entries(session) if e.event == "PLATFORM_ACTION"][-2:]
    assert [(e.subject, e.details) for e in told] == [
        ("tenant-create", {}),
        ("tenant-move", {"tenant": str(tenant_of(owner))}),
    ]
    with tenant_session(tenant_of(owner)) as session:
        assert [e.event for e in service.all_entries(session)][-1] == "STATUS_CHANGED"


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
