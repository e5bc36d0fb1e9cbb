"""A tenant and its people, and the platform's view of all tenants, through the real handlers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from lambdas.auth.handler import handler as auth
from painelml.core import db
from tests.http import Answer, call, gateway
from tests.operators import platform_person
from tests.people import PASSWORD, Person, log_in, sign_up, tenant_of, unique_email
from tests.servers import Database

pytestmark = pytest.mark.usefixtures("platform")


def add(owner: Person, role: str, email: str | None = None) -> Answer:
    body = {"name": f"Pessoa {role}", "email": email or unique_email(role.lower()), "password": PASSWORD, "role": role}
    return call(gateway, "POST", "/users", body=body, token=owner.access_token)


def colleague(owner: Person, role: str) -> Person:
    email = unique_email(role.lower())
    assert add(owner, role, email).status == 201
    return log_in(email)


def change(person: Person, user_id: Any, **changes: Any) -> Answer:
    return call(gateway, "PATCH", f"/users/{user_id}", body=changes, token=person.access_token)


@pytest.fixture(scope="module")
def support(platform: Database) -> Person:
    return platform_person("SUPPORT")


# Its own people ---------------------------------------------------------------------------------------------------------------


@pytest.mark.req("A038", "B042")
def test_an_owner_reads_and_renames_the_tenant() -> None:
    owner = sign_up("Nome Antigo")
    renamed = call(gateway, "PATCH", "/tenant", body={"name": "  Nome Novo "}, token=owner.access_token)
    assert (renamed.status, renamed.json["name"]) == (200, "Nome Novo")
    read = call(gateway, "GET", "/tenant", token=owner.access_token).json
    assert (read["id"], read["name"], read["email"]) == (str(tenant_of(owner)), "Nome Novo", owner.email)


def test_a_tenant_cannot_take_anothers_email() -> None:
    other, owner = sign_up(), sign_up()
    answer = call(gateway, "PATCH", "/tenant", body={"email": other.email, "name": "Nada"}, token=owner.access_token)
    assert (answer.status, answer.json["code"]) == (409, "email_taken")
    assert call(gateway, "GET", "/tenant", token=owner.access_token).json["name"] == "Loja de Teste"


@pytest.mark.parametrize("field", ["plan", "status", "max_accounts", "id"])
def test_a_tenant_cannot_change_what_it_pays_for(field: str) -> None:
    owner = sign_up()
    answer = call(gateway, "PATCH", "/tenant", body={field: "ENTERPRISE"}, token=owner.access_token)
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, field)


@pytest.mark.req("A012", "A048", "B046", "K43")
@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("ADMIN", {"GET /tenant", "PATCH /tenant", "GET /users", "POST /users"}),
        ("AGENT", {"GET /tenant"}),
        ("VIEWER", {"GET /tenant"}),
    ],
)
def test_a_role_may_do_what_the_table_says(role: str, allowed: set[str]) -> None:
    person = colleague(sign_up(), role)
    bodies = {
        "PATCH /tenant": {},
        "POST /users": {"name": "X", "email": unique_email(), "password": PASSWORD, "role": "VIEWER"},
    }
    for route in ("GET /tenant", "PATCH /tenant", "GET /users", "POST /users"):
        method, path = route.split()
        answer = call(gateway, method, path, body=bodies.get(route), token=person.access_token)
        assert (answer.status < 300) == (route in allowed), f"{role} {route}: {answer.status}"
        if route not in allowed:
            assert (answer.status, answer.json["code"]) == (403, "forbidden")


def test_people_are_listed_in_keyset_pages() -> None:
    owner = sign_up()
    for _ in range(4):
        assert add(owner, "VIEWER").status == 201

    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = call(gateway, "GET", "/users", query={"limit": "2", **cursor}, token=owner.access_token).json
        seen += [user["id"] for user in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert len(seen) == len(set(seen)) == 5
    assert seen[0] == str(owner.caller.user_id)


@pytest.mark.parametrize("cursor", ["x", "WyJ4Il0", "W10", "eyJhIjoxfQ", "WyJcdTAwMDAiXQ", "é"])
def test_a_cursor_that_we_did_not_make_is_refused(cursor: str) -> None:
    answer = call(gateway, "GET", "/users", query={"cursor": cursor}, token=sign_up().access_token)
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "cursor")


@pytest.mark.req("A012", "K43")
def test_an_admin_neither_makes_nor_changes_owners() -> None:
    owner = sign_up()
    admin = colleague(owner, "ADMIN")
    viewer = colleague(owner, "VIEWER")

    for answer in (
        add(admin, "OWNER"),
        change(admin, viewer.caller.user_id, role="OWNER"),
        change(admin, owner.caller.user_id, name="Outra"),
        call(gateway, "DELETE", f"/users/{owner.caller.user_id}", token=admin.access_token),
    ):
        assert (answer.status, answer.json["code"]) == (403, "owners_only")
    assert change(admin, viewer.caller.user_id, role="AGENT").json["role"] == "AGENT"


def test_the_last_active_owner_stays() -> None:
    owner = sign_up()
    me = owner.caller.user_id
    second = colleague(owner, "OWNER").caller.user_id
    assert change(owner, second, is_active=False).status == 200

    for answer in (
        change(owner, me, role="ADMIN"),
        change(owner, me, is_active=False),
        call(gateway, "DELETE", f"/users/{me}", token=owner.access_token),
    ):
        assert (answer.status, answer.json["code"]) == (409, "last_owner")
    assert change(owner, me, name="Ainda Dona", role="OWNER").json["role"] == "OWNER"


def test_two_owners_cannot_demote_each_other_at_once(database: Database) -> None:
    first = sign_up()
    second = colleague(first, "OWNER")

    def demote(pair: tuple[Person, Person]) -> int:
        try:
            return change(pair[0], pair[1].caller.user_id, role="VIEWER").status
        finally:
            db.disconnect()

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(demote, [(first, second), (second, first)]))

    assert statuses == [200, 409]


def test_what_a_password_hash_is_never_leaves() -> None:
    owner = sign_up()
    added = add(owner, "VIEWER")
    listed = call(gateway, "GET", "/users", token=owner.access_token)
    assert "argon2" not in added.text + listed.text
    assert PASSWORD not in added.text + listed.text


@pytest.mark.req("A055", "A003")
def test_another_tenants_person_is_not_there() -> None:
    owner, other = sign_up(), sign_up()
    theirs = other.caller.user_id

    for answer in (
        change(owner, theirs, name="Invadida"),
        call(gateway, "DELETE", f"/users/{theirs}", token=owner.access_token),
    ):
        assert (answer.status, answer.json["code"]) == (404, "not_found")
        assert other.email not in answer.text
    listed = call(gateway, "GET", "/users", token=owner.access_token)
    assert str(theirs) not in listed.text
    assert call(auth, "GET", "/me", token=other.access_token).json["user"]["name"] == "Dona da Loja"


# The platform -----------------------------------------------------------------------------------------------------------------


def open_by(master: Person, **more: Any) -> Answer:
    owner = {"name": "Primeira Dona", "email": unique_email("dona"), "password": PASSWORD}
    body = {"name": "Aberta por Nós", "email": unique_email("loja"), "owner": owner, **more}
    return call(gateway, "POST", "/admin/tenants", body=body, token=master.access_token)


@pytest.mark.req("A038", "A041", "B042", "B043", "B044", "K07", "K46")
def test_the_platform_opens_reads_changes_and_cancels_a_tenant(master: Person, database: Database) -> None:
    made = open_by(master, plan="PRO", max_accounts=5)
    assert made.status == 201, made.text
    tenant, owner = made.json["tenant"], log_in(made.json["user"]["email"])
    assert (tenant["plan"], tenant["max_accounts"], tenant["status"]) == ("PRO", 5, "TRIAL")
    path = f"/admin/tenants/{tenant['id']}"

    changed = call(gateway, "PATCH", path, body={"status": "ACTIVE", "plan": "BASIC"}, token=master.access_token)
    assert (changed.json["status"], changed.json["plan"], changed.json["name"]) == ("ACTIVE", "BASIC", "Aberta por Nós")

    for _ in range(2):
        assert call(gateway, "DELETE", path, token=master.access_token).status == 204
    assert call(gateway, "GET", path, token=master.access_token).json["status"] == "CANCELLED"
    with psycopg.connect(database.superuser_url) as connection:
        left = connection.execute(
            "select count(*) filter (where revoked_at is null), count(*) from directory.sessions where tenant_id = %s",
            [tenant["id"]],
        ).fetchone()
    assert left == (0, 1)
    assert call(auth, "POST", "/auth/refresh", body={"refresh_token": owner.refresh_token}).status == 401

    back = call(gateway, "PATCH", path, body={"status": "ACTIVE"}, token=master.access_token)
    assert back.json["status"] == "ACTIVE"
    log_in(owner.email)


@pytest.mark.req("B044", "K46")
def test_a_status_moves_only_along_the_table(master: Person) -> None:
    tenant = open_by(master).json["tenant"]
    path = f"/admin/tenants/{tenant['id']}"

    answer = call(gateway, "PATCH", path, body={"status": "PROVISIONING", "name": "Nada"}, token=master.access_token)

    assert (answer.status, answer.json["code"], answer.json["moved_from"]) == (409, "move_not_allowed", "TRIAL")
    assert "ACTIVE" in answer.json["detail"]
    assert call(gateway, "GET", path, token=master.access_token).json == tenant


def test_the_platform_lists_tenants_by_status_in_pages(master: Person) -> None:
    ids = {open_by(master).json["tenant"]["id"] for _ in range(3)}
    for tenant_id in ids:
        call(gateway, "PATCH", f"/admin/tenants/{tenant_id}", body={"status": "PAST_DUE"}, token=master.access_token)

    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        query = {"limit": "2", "status": "PAST_DUE", **cursor}
        page = call(gateway, "GET", "/admin/tenants", query=query, token=master.access_token).json
        seen += [tenant["id"] for tenant in page["data"]]
        assert {tenant["status"] for tenant in page["data"]} <= {"PAST_DUE"}
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert len(seen) == len(set(seen))
    assert ids <= set(seen)


def test_our_own_tenant_is_neither_listed_nor_closed(master: Person) -> None:
    house = tenant_of(master)
    listed = call(gateway, "GET", "/admin/tenants", query={"limit": "100"}, token=master.access_token)
    assert str(house) not in listed.text
    assert call(gateway, "DELETE", f"/admin/tenants/{house}", token=master.access_token).status == 404


@pytest.mark.req("K43")
def test_support_reads_and_does_not_write(support: Person, master: Person) -> None:
    tenant_id = open_by(master).json["tenant"]["id"]
    path = f"/admin/tenants/{tenant_id}"
    assert call(gateway, "GET", "/admin/tenants", token=support.access_token).status == 200
    assert call(gateway, "GET", path, token=support.access_token).status == 200
    for method, body in (("PATCH", {"name": "X"}), ("DELETE", None)):
        assert call(gateway, method, path, body=body, token=support.access_token).status == 403
    assert open_by(support).status == 403


@pytest.mark.req("A012", "A055")
def test_a_sellers_owner_is_no_one_on_the_platform() -> None:
    owner = sign_up()
    for method, path in (("GET", "/admin/tenants"), ("GET", f"/admin/tenants/{tenant_of(owner)}"), ("POST", "/admin/tenants")):
        body = {"name": "X", "email": unique_email(), "owner": {"name": "X", "email": unique_email(), "password": PASSWORD}}
        answer = call(gateway, method, path, body=body if method == "POST" else None, token=owner.access_token)
        assert (answer.status, answer.json["code"]) == (403, "forbidden")


@pytest.mark.req("K43")
def test_the_database_proves_a_platform_role_again(database: Database) -> None:
    former = platform_person("MASTER")
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("update directory.users set platform_role = null where email = %s", [former.email])
    answer = call(gateway, "GET", "/admin/tenants", token=former.access_token)
    assert (answer.status, answer.json["code"]) == (403, "forbidden")


def test_an_unknown_tenant_is_not_there(master: Person) -> None:
    path = "/admin/tenants/01a20386-0000-7000-8000-000000000000"
    for method, body in (("GET", None), ("PATCH", {"name": "X"}), ("DELETE", None)):
        answer = call(gateway, method, path, body=body, token=master.access_token)
        assert (answer.status, answer.json["code"]) == (404, "not_found")
