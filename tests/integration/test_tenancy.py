"""Tenants beyond one: switching, states, visits, brands, settings."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from painelml.core.ids import uuid7
from tests.http import call, gateway
from tests.operators import ask, open_by, platform_person, set_status
from tests.people import Person, log_in, sign_up, tenant_of
from tests.servers import Database

pytestmark = pytest.mark.usefixtures("platform")


def join(database: Database, person: Person, other: Person, role: str = "VIEWER") -> None:
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute(
            "insert into directory.memberships (tenant_id, user_id, role) values (%s, %s, %s)",
            [tenant_of(other), person.caller.user_id, role],
        )


# Several tenants ----------------------------------------------------------------------------------------------------


@pytest.mark.req("A075", "K12", "D042")
def test_a_person_of_two_tenants_sees_both_and_switches(database: Database) -> None:
    person, other = sign_up("Primeira"), sign_up("Segunda")
    join(database, person, other)
    listed = ask(person, "GET", "/me").json
    assert {(place["tenant_name"], place["role"], place["is_default"]) for place in listed["memberships"]} == {
        ("Primeira", "OWNER", True),
        ("Segunda", "VIEWER", False),
    }
    assert set(listed["may"]) == {"SIGN_IN", "READ", "WRITE", "SYNC", "NOTIFY"}

    switched = ask(person, "POST", "/auth/switch-tenant", {"tenant_id": str(tenant_of(other)), "make_default": True})
    assert switched.status == 200, switched.text
    there = call(gateway, "GET", "/me", token=switched.json["access_token"]).json
    assert (there["tenant"]["id"], there["user"]["role"]) == (str(tenant_of(other)), "VIEWER")
    assert ask(person, "GET", "/me").json["code"] == "session_over"
    assert call(gateway, "POST", "/auth/refresh", body={"refresh_token": person.refresh_token}).status == 401
    assert tenant_of(log_in(person.email)) == tenant_of(other)


@pytest.mark.req("A075", "K12")
@pytest.mark.parametrize("whose", ["foreign", "nobody"])
def test_switching_to_a_foreign_tenant_is_not_found_and_costs_nothing(whose: str) -> None:
    person, other = sign_up(), sign_up()
    target = tenant_of(other) if whose == "foreign" else uuid4()
    answer = ask(person, "POST", "/auth/switch-tenant", {"tenant_id": str(target)})
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert ask(person, "GET", "/me").status == 200


def test_a_session_that_is_over_cannot_be_moved(database: Database) -> None:
    person, other = sign_up(), sign_up()
    join(database, person, other)
    call(gateway, "POST", "/auth/logout", body={"refresh_token": person.refresh_token})
    answer = ask(person, "POST", "/auth/switch-tenant", {"tenant_id": str(tenant_of(other))})
    assert answer.status in (401, 404)


# States ----------------------------------------------------------------------------------------------------


@pytest.mark.req("B044", "K46", "D042")
def test_a_suspension_bites_at_the_next_request(master: Person) -> None:
    owner = sign_up()
    assert ask(owner, "GET", "/tenant").status == 200
    assert set_status(master, tenant_of(owner), "SUSPENDED").status == 200
    for method, path in (("GET", "/tenant"), ("GET", "/me"), ("GET", "/orders")):
        answer = ask(owner, method, path)
        assert (answer.status, answer.json["code"]) == (401, "session_over"), path
    assert set_status(master, tenant_of(owner), "ACTIVE").status == 200
    assert ask(log_in(owner.email), "GET", "/tenant").json["status"] == "ACTIVE"


@pytest.mark.req("K46")
@pytest.mark.parametrize(
    ("status", "read", "write"),
    [("TRIAL", 200, 200), ("ACTIVE", 200, 200), ("PAST_DUE", 200, 200), ("SUSPENDED", 403, 403), ("PROVISIONING", 403, 403)],
)
def test_every_request_is_judged_by_the_state(database: Database, status: str, read: int, write: int) -> None:
    """Even with a session that no one has ended."""
    owner = sign_up()
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("update directory.tenants set status = %s where id = %s", [status, tenant_of(owner)])
    assert ask(owner, "GET", "/tenant").status == read
    changed = ask(owner, "PATCH", "/tenant", {"name": "Outra"})
    assert changed.status == write
    if write == 403:
        assert (changed.json["code"], changed.json["tenant_status"]) == ("tenant_closed", status)


# The header ----------------------------------------------------------------------------------------------------


@pytest.mark.req("D042", "K34", "A054")
def test_the_header_is_nothing_without_a_platform_role(master: Person) -> None:
    owner, other = sign_up(), sign_up()
    partner = platform_person("PARTNER")
    for person in (owner, partner):
        answer = ask(person, "GET", "/tenant", X_Tenant_Id=str(tenant_of(other)))
        assert answer.json["id"] == str(tenant_of(person))


@pytest.mark.req("D042", "K34", "K43")
def test_an_operator_visits_and_each_visit_is_written_down(master: Person) -> None:
    owner, support = sign_up("Visitada"), platform_person("SUPPORT")
    there = {"X_Tenant_Id": str(tenant_of(owner))}
    assert ask(support, "GET", "/tenant", **there).json["name"] == "Visitada"
    assert ask(support, "PATCH", "/tenant", {"name": "Não"}, **there).status == 403
    assert ask(master, "PATCH", "/tenant", {"name": "Corrigida"}, **there).json["name"] == "Corrigida"
    assert ask(master, "GET", "/tenant", X_Tenant_Id=str(uuid4())).status == 404
    assert ask(master, "GET", "/tenant", X_Tenant_Id="x").status == 400
    from painelml.audit import service as audit
    from painelml.core.db import tenant_session

    with tenant_session(tenant_of(owner)) as session:
        visits = [entry for entry in audit.all_entries(session) if entry.details.get("action") == "visit"]
    assert {(visit.actor_id, visit.details["permission"]) for visit in visits} >= {
        (support.caller.user_id, "READ_TENANT"),
        (master.caller.user_id, "MANAGE_TENANT"),
    }


# Brands and settings ----------------------------------------------------------------------------------------------------


@pytest.mark.req("D002", "K56", "D028", "D029", "D030", "D031", "D040", "D041", "K34", "D042")
def test_a_brand_is_inherited_from_the_partner_and_shown_by_host(master: Person) -> None:
    partner = platform_person("PARTNER")
    host = f"{uuid4().hex[:8]}.example.com"
    made = open_by(partner, host=host).json
    child = log_in(made["user"]["email"])
    before = ask(child, "GET", "/branding").json
    assert (before["company_name"], before["primary_color"], before["secondary_color"]) == ("Chat System", "#4F46E5", "#7C3AED")
    assert ask(partner, "PATCH", "/branding", {"company_name": "Parceiro", "primary_color": "#112233"}).status == 200
    assert (before["logo_key"], before["default_logo"]) == (None, "/default-logo.png")
    assert (before["favicon_key"], before["default_favicon"]) == (None, "/favicon.ico")
    pictures = {"logo_key": "brand/logo.png", "favicon_key": "brand/favicon.ico"}
    after = ask(child, "PATCH", "/branding", {"primary_color": "#445566", **pictures}).json
    assert (after["company_name"], after["primary_color"]) == ("Parceiro", "#445566")
    assert set(after["inherited"]) == {"company_name", "secondary_color"}
    assert {name: after[name] for name in pictures} == pictures
    sibling = log_in(open_by(partner).json["user"]["email"])
    assert ask(partner, "PATCH", "/branding", pictures).status == 200
    seen = ask(sibling, "GET", "/branding").json
    assert (seen["company_name"], seen["logo_key"], seen["favicon_key"]) == ("Parceiro", None, None)
    assert ask(child, "PATCH", "/branding", {"primary_color": None}).json["primary_color"] == "#112233"

    shown = call(gateway, "GET", "/branding/public", query={"host": host.upper()})
    assert shown.json["company_name"] == "Parceiro"
    assert made["tenant"]["id"] not in shown.text
    unknown = call(gateway, "GET", "/branding/public", query={"host": "ninguem.example.com"})
    assert (unknown.status, unknown.json["code"]) == (400, "unknown_tenant")
    assert open_by(master, host=host).json["code"] == "host_taken"
    for bad in ({"primary_color": "red"}, {"logo_key": "../x"}, {"favicon_key": "//x/y"}, {"default_logo": "/x"}):
        assert ask(child, "PATCH", "/branding", bad).status == 400


@pytest.mark.req("B007")
def test_settings_of_a_tenant_and_of_an_account(database: Database) -> None:
    owner, account_id = sign_up(), uuid7()
    assert ask(owner, "GET", "/settings").json["time_zone"] == "America/Sao_Paulo"
    changed = ask(owner, "PATCH", "/settings", {"time_zone": "America/Manaus", "sync_items": False}).json
    assert (changed["time_zone"], changed["sync_items"]) == ("America/Manaus", False)
    assert ask(owner, "PATCH", "/settings", {"time_zone": "Mars/Base"}).status == 400
    path = f"/ml-accounts/{account_id}/settings"
    for method, body in (("GET", None), ("PATCH", {"currency": "USD"})):
        assert ask(owner, method, path, body).status == 404
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute(
            "insert into app.ml_accounts (tenant_id, id, seller_id, site_id, nickname, connected_by, connected_at)"
            " values (%s, %s, %s, 'MLB', 'LOJA', %s, now())",
            [tenant_of(owner), account_id, account_id.int % 10**12, owner.caller.user_id],
        )
    own = ask(owner, "PATCH", path, {"currency": "USD", "sync_items": True}).json
    assert (own["currency"], own["sync_items"], own["time_zone"]) == ("USD", True, "America/Manaus")
    assert own["inherited"] == ["time_zone", "language", "sync_orders", "sync_questions"]
    stranger = sign_up()
    assert ask(stranger, "GET", path).status == 404
    assert ask(stranger, "PATCH", path, {"currency": "BRL"}).status == 404
