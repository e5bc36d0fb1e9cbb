"""Tenants beyond one: switching, states, visits, partners, brands, settings, and provisioning that resumes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import psycopg
import pytest

from lambdas.operations.handler import handler as operations
from painelml.core import db, objects
from painelml.core.ids import uuid7
from painelml.identity.passwords import hash_password
from painelml.tenancy import provisioning, queries
from painelml.tenancy.errors import PartnerLimitReached
from painelml.tenancy.provisioning import STEPS, OwnerSecrets, Wish
from tests.http import Answer, call, gateway
from tests.people import PASSWORD, Person, log_in, sign_up, tenant_of, unique_email
from tests.servers import Database
from tests.unit.test_plan_catalogue import PLANS

pytestmark = pytest.mark.usefixtures("platform")


def platform_person(role: str, **more: Any) -> Person:
    email = unique_email(role.lower())
    args = {"email": email, "name": f"Gente {role}", "password": PASSWORD, "platform_role": role, **more}
    operations({"verb": "create-platform-user", "args": args}, None)
    return log_in(email)


@pytest.fixture(scope="module")
def master(platform: Database) -> Person:
    return platform_person("MASTER")


def join(database: Database, person: Person, other: Person, role: str = "VIEWER") -> None:
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute(
            "insert into directory.memberships (tenant_id, user_id, role) values (%s, %s, %s)",
            [tenant_of(other), person.caller.user_id, role],
        )


def ask(person: Person, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(gateway, method, path, body=body, token=person.access_token, headers=sent)


def set_status(master: Person, tenant: UUID, status: str) -> Answer:
    return ask(master, "PATCH", f"/admin/tenants/{tenant}", {"status": status})


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


# Partners ----------------------------------------------------------------------------------------------------


def open_by(person: Person, **more: Any) -> Answer:
    owner = {"name": "Primeira Dona", "email": unique_email("dona"), "password": PASSWORD}
    return ask(person, "POST", "/admin/tenants", {"name": "Sub", "email": unique_email("sub"), "owner": owner, **more})


@pytest.mark.req("K43", "K46")
def test_a_partner_runs_its_own_sub_tenants_and_touches_no_other(master: Person) -> None:
    partner, rival = platform_person("PARTNER", max_accounts=5), platform_person("PARTNER")
    mine, theirs, direct = open_by(partner, max_accounts=3), open_by(rival), open_by(master)
    assert mine.status == 201, mine.text
    listed = ask(partner, "GET", "/admin/tenants").json["data"]
    assert [tenant["id"] for tenant in listed] == [mine.json["tenant"]["id"]]
    for foreign in (theirs, direct):
        path = f"/admin/tenants/{foreign.json['tenant']['id']}"
        for method, at, body in (
            ("GET", path, None),
            ("GET", f"{path}/provisioning", None),
            ("PATCH", path, {"name": "Minha"}),
            ("DELETE", path, None),
        ):
            answer = ask(partner, method, at, body)
            assert (answer.status, answer.json["code"]) == (404, "not_found")
    own = f"/admin/tenants/{mine.json['tenant']['id']}"
    assert ask(partner, "PATCH", own, {"name": "Renomeada"}).json["name"] == "Renomeada"
    assert ask(partner, "PATCH", own, {"plan": "PRO"}).status == 403


@pytest.mark.req("K43", "D002", "K56")
def test_sub_tenants_together_stay_within_the_partners_limit() -> None:
    partner = platform_person("PARTNER", max_accounts=5)
    first = open_by(partner, max_accounts=3).json["tenant"]
    refused = open_by(partner, max_accounts=3)
    assert (refused.status, refused.json["code"]) == (409, "partner_limit_reached")
    raised = ask(partner, "PATCH", f"/admin/tenants/{first['id']}", {"max_accounts": 6})
    assert (raised.status, raised.json["code"]) == (409, "partner_limit_reached")
    assert open_by(partner, max_accounts=2).status == 201
    assert len(ask(partner, "GET", "/admin/tenants").json["data"]) == 2
    assert open_by(partner, plan="ENTERPRISE").json["code"] == "plan_not_for_partners"


@pytest.mark.req("D002", "K56")
def test_a_partner_runs_a_hundred_sub_tenants(database: Database) -> None:
    partner = platform_person("PARTNER", max_accounts=100)
    assert ask(partner, "PATCH", "/branding", {"company_name": "Revenda"}).status == 200
    hashed = hash_password(PASSWORD)
    for _ in range(100):
        below = wish(parent_id=tenant_of(partner), max_accounts=1)
        assert provisioning.provision(uuid7(), below, OwnerSecrets(uuid7(), hashed)).status == "done"
    listed: list[str] = []
    page = call(gateway, "GET", "/admin/tenants", query={"limit": "60"}, token=partner.access_token).json
    while True:
        listed += [tenant["id"] for tenant in page["data"]]
        if page["next_cursor"] is None:
            break
        query = {"limit": "60", "cursor": page["next_cursor"]}
        page = call(gateway, "GET", "/admin/tenants", query=query, token=partner.access_token).json
    assert len(listed) == len(set(listed)) == 100
    assert ask(log_in(below.owner_email), "GET", "/branding").json["company_name"] == "Revenda"
    assert open_by(partner, max_accounts=1).json["code"] == "partner_limit_reached"


@pytest.mark.req("D002", "K56")
def test_of_sub_tenants_opened_at_once_those_stay_that_fit() -> None:
    partner, hashed = platform_person("PARTNER", max_accounts=5), hash_password(PASSWORD)
    together = Barrier(3)

    def open_one(_hand: int) -> str:
        together.wait(10)
        below = wish(parent_id=tenant_of(partner), max_accounts=3)
        try:
            return provisioning.provision(uuid7(), below, OwnerSecrets(uuid7(), hashed)).status
        except PartnerLimitReached as refused:
            return refused.code
        finally:
            db.disconnect()

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(open_one, range(3))) == ["done", "partner_limit_reached", "partner_limit_reached"]
    assert len(ask(partner, "GET", "/admin/tenants").json["data"]) == 1


# The end of a partner ----------------------------------------------------------------------------------------------------


def run(verb: str, **args: Any) -> Any:
    return operations({"verb": verb, "args": args}, None)


def family() -> tuple[UUID, list[UUID]]:
    partner = platform_person("PARTNER", max_accounts=5)
    return tenant_of(partner), [UUID(open_by(partner, max_accounts=2).json["tenant"]["id"]) for _ in range(2)]


def tombstones(database: Database, *tenants: UUID) -> set[UUID]:
    with psycopg.connect(database.superuser_url) as connection:
        found = connection.execute("select tenant_id from directory.tombstones where tenant_id = any (%s)", [list(tenants)])
        in_database = {tenant for (tenant,) in found}
    return in_database | {tenant for tenant in tenants if f"tombstones/{tenant}.json" in set(objects.keys("tombstones/"))}


@pytest.mark.req("D002", "K46")
def test_a_partner_with_sub_tenants_is_not_cancelled(master: Person) -> None:
    partner, below = family()
    refused = ask(master, "DELETE", f"/admin/tenants/{partner}")
    assert (refused.status, refused.json["code"], refused.json["count"]) == (409, "sub_tenants_left", 2)
    assert {one["id"] for one in refused.json["sub_tenants"]} == {str(one) for one in below}
    assert "Cancele-os primeiro" in refused.json["detail"]
    told = run("tenant-move", id=str(partner), status="CANCELLED")
    assert told["error"]["code"] == "sub_tenants_left"
    assert ask(master, "GET", f"/admin/tenants/{partner}").json["status"] == "ACTIVE"
    for one in below:
        assert ask(master, "DELETE", f"/admin/tenants/{one}").status == 204
    assert ask(master, "DELETE", f"/admin/tenants/{partner}").status == 204


@pytest.mark.req("D002", "D008")
def test_a_partner_is_erased_with_its_sub_tenants_or_not_at_all(database: Database) -> None:
    partner, below = family()
    for one in (*below, partner):
        if one != below[1]:
            with psycopg.connect(database.superuser_url, autocommit=True) as connection:
                connection.execute("update directory.tenants set status = 'CANCELLED' where id = %s", [one])
    with pytest.raises(ValueError, match=f"{below[0]}.*{below[1]}.*--with-sub-tenants"):
        run("erase-tenant", tenant=str(partner))
    with pytest.raises(ValueError, match=f"{below[1]} is TRIAL. Cancel it first"):
        run("erase-tenant", tenant=str(partner), with_sub_tenants=True)
    assert tombstones(database, partner, *below) == set(), "refused before anything is laid"

    assert run("tenant-move", id=str(below[1]), status="CANCELLED")["status"] == "CANCELLED"
    receipt = run("erase-tenant", tenant=str(partner), with_sub_tenants=True)
    assert [one["tenant_id"] for one in receipt.pop("sub_tenants")] == [str(one) for one in sorted(below)]
    assert tombstones(database, partner, *below) == {partner, *below}
    assert run("erase-tenant", tenant=str(partner)) == receipt
    shown = {tenant["id"] for tenant in run("tenant-list")["tenants"]}
    assert shown.isdisjoint(str(one) for one in (partner, *below))


@pytest.mark.req("D008")
def test_a_restored_partner_is_erased_after_its_sub_tenants(database: Database) -> None:
    """Their ids sort the other way round."""
    partner, below = uuid7(), uuid7()
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        for tenant, parent in ((partner, None), (below, partner)):
            connection.execute(
                "insert into directory.tenants (id, name, email, status, parent_id) values (%s, 'R', %s, 'ACTIVE', %s)",
                [tenant, unique_email(), parent],
            )
            objects.put(f"tombstones/{tenant}.json", b"{}", content_type="application/json")
    gone = {receipt["tenant_id"]: receipt["rows"]["directory.tenants"] for receipt in run("replay-erasures")["receipts"]}
    assert (gone[str(partner)], gone[str(below)]) == (1, 1)


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


# Provisioning ----------------------------------------------------------------------------------------------------


def wish(**more: Any) -> Wish:
    email = unique_email("nova")
    return Wish(**{"name": "Nova", "email": email, "owner_name": "Dona", "owner_email": email, **more})


@pytest.mark.req("D022", "D026")
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_step_is_taken_up_again(step: str, when: str) -> None:
    tenant_id, wanted, owner = uuid7(), wish(), OwnerSecrets(uuid7(), hash_password(PASSWORD))
    whole = queries.provision

    def dies(session: Any, this: str, secrets: dict[str, str]) -> bool:
        done = whole(session, this, secrets) if when == "after" or this != step else False
        if this == step:
            raise RuntimeError("the power went")
        return done

    with patch("painelml.tenancy.queries.provision", dies), pytest.raises(RuntimeError, match="power"):
        provisioning.provision(tenant_id, wanted, owner)
    for _ in range(2):
        done = provisioning.provision(tenant_id, wanted, owner)
        assert done.status == "done"
        assert all(each.done_at for each in done.steps)
        assert done.attempts == 2
    assert tenant_of(log_in(wanted.email)) == tenant_id


@pytest.mark.req("D022")
def test_what_can_never_be_met_leaves_nothing_behind(database: Database) -> None:
    taken, tenant_id = sign_up(), uuid7()
    wanted = wish(owner_email=taken.email)
    with pytest.raises(Exception, match="email_taken"):
        provisioning.provision(tenant_id, wanted, OwnerSecrets(uuid7(), "x"))
    with psycopg.connect(database.superuser_url) as connection:
        assert connection.execute("select from directory.tenants where id = %s", [tenant_id]).fetchone() is None
        left = connection.execute(
            "select status, error, wanted from directory.provisioning_runs where tenant_id = %s", [tenant_id]
        )
        status, error, kept = left.fetchone() or ("", "", {})
    assert (status, error) == ("undone", "email_taken")
    assert kept == {}, "no erasure would find the names of a tenant that is not there"
    assert ask(taken, "GET", "/me").status == 200


def test_a_sign_up_that_broke_is_finished_by_the_next_try() -> None:
    email = unique_email("dona")
    body = {"company_name": "Loja", "name": "Dona", "email": email, "password": PASSWORD}
    whole = queries.provision

    def dies(session: Any, step: str, secrets: dict[str, str]) -> bool:
        if step == "owner":
            raise RuntimeError("the power went")
        return whole(session, step, secrets)

    with patch("painelml.tenancy.queries.provision", dies):
        assert call(gateway, "POST", "/auth/register", body=body).status == 500
    assert call(gateway, "POST", "/auth/register", body=body).status == 201
    assert log_in(email)


def subscription_of(tenant_id: str) -> tuple[list[str], str]:
    """Plans by code, and where the rows are."""
    tenant = operations({"verb": "tenant-show", "args": {"id": tenant_id}}, None)["tenant"]
    return tenant["plans"].split(), str(tenant["placement"]).split("-")[0]


@pytest.mark.req("K07", "K09", "K36", "D022", "D056")
@pytest.mark.parametrize("code", PLANS)
def test_a_tenant_is_opened_on_any_plan_of_the_catalogue_and_lives_where_it_says(code: str) -> None:
    args = {"name": "Empresa", "email": unique_email("empresa"), "plan": code}
    would = operations({"verb": "tenant-create", "args": {**args, "dry_run": True}}, None)
    made = operations({"verb": "tenant-create", "args": args}, None)
    assert made["warnings"] == []
    place = "silo" if "silo" in PLANS[code]["flags"] else "pool"
    assert subscription_of(made["tenant"]["id"]) == ([code], place)
    assert (would["plan"], would["placement"]) == (code, place)
    owner = log_in(args["email"], made["password"])
    found = ask(owner, "GET", "/billing/subscription").json
    assert ([item["plan"] for item in found["items"]], found["limits"]) == ([code], PLANS[code]["limits"])


@pytest.mark.req("K09", "K36")
def test_which_plans_have_a_database_of_their_own_is_the_catalogues_word() -> None:
    silos = {code for code, plan in PLANS.items() if "silo" in plan["flags"]}
    assert silos == {"painel.enterprise", "atendimento.enterprise", "atendimento.white_label"}


@pytest.mark.req("K36")
@pytest.mark.parametrize(("given", "code"), [("basic", "painel.basic"), ("pro", "painel.pro"), ("FREE", "painel.free")])
def test_an_old_name_opens_the_plan_that_it_means_with_a_warning(given: str, code: str) -> None:
    args = {"name": "Empresa", "email": unique_email("empresa"), "plan": given, "dry_run": True}
    would = operations({"verb": "tenant-create", "args": args}, None)
    assert would["plan"] == code
    assert would["warnings"] == [f"{given!r} is an old name. The plan is called {code}; use that."]


def test_an_agreed_number_of_accounts_survives_the_plan(master: Person) -> None:
    for plan, agreed in (("atendimento.white_label", 1), ("atendimento.starter", 4), ("painel.pro", 10)):
        args = {"name": "Empresa", "email": unique_email(), "plan": plan, "max_accounts": agreed}
        tenant_id = operations({"verb": "tenant-create", "args": args}, None)["tenant"]["id"]
        assert ask(master, "GET", f"/admin/tenants/{tenant_id}").json["max_accounts"] == agreed


@pytest.mark.req("D022", "D026")
def test_a_sign_up_and_the_operators_command_are_the_same_run() -> None:
    signed_up = str(tenant_of(sign_up()))
    made = operations({"verb": "tenant-create", "args": {"name": "Empresa", "email": unique_email()}}, None)["tenant"]["id"]
    runs = [operations({"verb": "tenant-show", "args": {"id": each}}, None)["provisioning"] for each in (signed_up, made)]
    for run in runs:
        assert (run["status"], run["attempts"]) == ("done", 1)
        assert [step["step"] for step in run["steps"] if step["done_at"]] == list(STEPS)
    assert subscription_of(signed_up) == subscription_of(made) == (["painel.free"], "pool")


@pytest.mark.req("K43")
@pytest.mark.parametrize("code", ["painel.enterprise", "atendimento.enterprise", "atendimento.white_label"])
def test_a_partner_opens_no_database(code: str) -> None:
    assert open_by(platform_person("PARTNER"), plan=code).json["code"] == "plan_not_for_partners"


def test_through_the_api_a_tenant_with_its_own_database_waits_for_the_operator(master: Person) -> None:
    opened = open_by(master, plan="atendimento.white_label").json
    run = ask(master, "GET", f"/admin/tenants/{opened['tenant']['id']}/provisioning").json
    assert (opened["tenant"]["status"], run["status"]) == ("PROVISIONING", "waiting")
    unknown = open_by(master, plan="painel.gold")
    assert (unknown.status, unknown.json["code"]) == (400, "unknown_plan")
    assert "painel.pro" in unknown.json["detail"]


@pytest.mark.req("D022", "K36", "D027")
def test_the_operator_opens_shows_suspends_and_resumes(database: Database) -> None:
    email, tenant_id = unique_email("empresa"), str(uuid7())
    args = {"id": tenant_id, "name": "Empresa", "email": email, "plan": "basic"}
    dry = operations({"verb": "tenant-create", "args": {**args, "dry_run": True}}, None)
    assert dry["dry_run"]
    assert operations({"verb": "tenant-show", "args": {"id": tenant_id}}, None)["error"]["code"] == "not_found"
    made = operations({"verb": "tenant-create", "args": args}, None)
    assert (made["tenant"]["plan"], made["tenant"]["status"]) == ("BASIC", "TRIAL")
    assert "old name" in made["warnings"][0]
    again = operations({"verb": "tenant-create", "args": args}, None)
    assert "password" not in again
    person = log_in(email, made["password"])
    move = {"verb": "tenant-move", "args": {"id": tenant_id, "status": "SUSPENDED"}}
    assert operations({**move, "args": {**move["args"], "dry_run": True}}, None)["dry_run"]  # type: ignore[dict-item]
    assert ask(person, "GET", "/me").status == 200
    assert operations(move, None)["status"] == "SUSPENDED"
    assert ask(person, "GET", "/me").status == 401
    assert operations({"verb": "tenant-move", "args": {"id": tenant_id, "status": "TRIAL"}}, None)["error"]["code"] == (
        "move_not_allowed"
    )
    assert operations({"verb": "tenant-move", "args": {"id": tenant_id, "status": "ACTIVE"}}, None)["status"] == "ACTIVE"
    assert tenant_id in str(operations({"verb": "tenant-list"}, None))
    for bad, code in (
        ({"plan": "gold"}, "unknown_plan"),
        ({"email": "x"}, "invalid_request"),
        ({"id": "x"}, "invalid_request"),
    ):
        assert operations({"verb": "tenant-create", "args": {**args, **bad}}, None)["error"]["code"] == code
