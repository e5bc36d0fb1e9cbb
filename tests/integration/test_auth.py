"""Sign-up, login, refresh, logout and me, through the real handlers."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import psycopg
import pytest

from lambdas.auth.handler import handler as auth
from lambdas.tenants.handler import handler as tenants
from painelml.core import db
from painelml.identity import passwords, sessions
from tests.http import Answer, call
from tests.people import PASSWORD, Person, log_in, sign_up, tenant_of, unique_email
from tests.servers import Database

pytestmark = [pytest.mark.usefixtures("platform"), pytest.mark.req("A151", "B012")]


@contextmanager
def later(delta: timedelta) -> Generator[None]:
    """The same, `delta` from now."""
    moment = datetime.now(UTC) + delta
    with patch("painelml.identity.sessions.now", lambda: moment), patch("painelml.identity.tokens.now", lambda: moment):
        yield


def refresh(token: str, *, agent: str = "painel-tests") -> Answer:
    return call(auth, "POST", "/auth/refresh", body={"refresh_token": token}, headers={"User-Agent": agent})


@pytest.mark.req("A010", "A011", "A038", "A039", "A047", "A050", "A051", "B042", "B045")
def test_someone_signs_up_logs_in_and_reads_who_they_are() -> None:
    owner = sign_up("Loja da Ana")

    me = call(auth, "GET", "/me", token=owner.access_token)

    assert me.status == 200, me.text
    assert me.json["user"]["email"] == owner.email
    assert me.json["user"]["role"] == "OWNER"
    assert me.json["tenant"]["name"] == "Loja da Ana"
    assert (me.json["tenant"]["plan"], me.json["tenant"]["status"], me.json["tenant"]["max_accounts"]) == ("FREE", "TRIAL", 1)
    assert "MANAGE_USERS" in me.json["permissions"]
    assert me.json["platform_role"] is None


@pytest.mark.req("A051", "B042", "B045")
def test_a_taken_email_makes_neither_tenant_nor_user(database: Database) -> None:
    owner = sign_up()
    again = {"company_name": "Outra Loja", "name": "Outra", "email": owner.email.upper(), "password": PASSWORD}

    answer = call(auth, "POST", "/auth/register", body=again)

    assert (answer.status, answer.json["code"]) == (409, "email_taken")
    with psycopg.connect(database.superuser_url) as connection:
        count = connection.execute("select count(*) from directory.tenants where name = 'Outra Loja'").fetchone()
    assert count == (0,)


@pytest.mark.req("A050")
def test_a_wrong_password_and_an_unknown_email_get_the_same_answer() -> None:
    owner = sign_up()

    wrong = call(auth, "POST", "/auth/login", body={"email": owner.email, "password": "errado errado errado"})
    unknown = call(auth, "POST", "/auth/login", body={"email": unique_email("ninguem"), "password": PASSWORD})

    assert wrong.status == unknown.status == 401
    assert {**wrong.json, "request_id": ""} == {**unknown.json, "request_id": ""}
    assert wrong.json["code"] == "wrong_credentials"


@pytest.mark.req("A050")
def test_an_unknown_email_costs_a_hash_too() -> None:
    with patch("painelml.identity.sessions.matches", wraps=passwords.matches) as spent:
        call(auth, "POST", "/auth/login", body={"email": unique_email("ninguem"), "password": PASSWORD})
    spent.assert_called_once_with(None, PASSWORD)


def test_a_hash_with_old_parameters_is_renewed_at_login(database: Database) -> None:
    from argon2 import PasswordHasher

    owner = sign_up()
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("update directory.users set password_hash = %s where email = %s", [old, owner.email])

    log_in(owner.email)

    with psycopg.connect(database.superuser_url) as connection:
        (kept,) = connection.execute(
            "select password_hash from directory.users where email = %s", [owner.email]
        ).fetchone() or ("",)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    log_in(owner.email)


@pytest.mark.req("A047", "A052", "A040", "B048", "K11")
def test_a_refresh_token_works_once_and_its_successor_goes_on(database: Database) -> None:
    owner = sign_up()

    first = refresh(owner.refresh_token)
    second = refresh(first.json["refresh_token"])

    assert (first.status, second.status) == (200, 200)
    assert len({owner.refresh_token, first.json["refresh_token"], second.json["refresh_token"]}) == 3
    assert (first.json["token_type"], first.json["expires_in"]) == ("Bearer", 900)
    with psycopg.connect(database.superuser_url) as connection:
        rows = connection.execute(
            "select token_hash, rotated_at from directory.sessions where family_id = %s", [owner.caller.session_id]
        ).fetchall()
    assert sum(rotated is None for _, rotated in rows) == 1
    tokens_kept = b"".join(bytes(hashed) for hashed, _ in rows)
    assert owner.refresh_token.encode() not in tokens_kept


@pytest.mark.req("A052", "K11")
def test_reuse_after_the_grace_revokes_the_family() -> None:
    owner = sign_up()
    successor = refresh(owner.refresh_token).json["refresh_token"]

    with later(sessions.GRACE + timedelta(seconds=1)):
        replay = refresh(owner.refresh_token)
        after = refresh(successor)

    assert (replay.status, replay.json["code"]) == (401, "session_over")
    assert (after.status, after.json["code"]) == (401, "session_over")


@pytest.mark.req("A052")
def test_a_lost_answer_is_given_again_to_the_same_client_within_the_grace() -> None:
    owner = sign_up()

    first = refresh(owner.refresh_token)
    with later(timedelta(seconds=9)):
        again = refresh(owner.refresh_token)

    assert again.status == 200
    assert again.json["refresh_token"] == first.json["refresh_token"]


@pytest.mark.req("A052")
def test_another_client_gets_no_grace() -> None:
    owner = sign_up()
    successor = refresh(owner.refresh_token).json["refresh_token"]

    thief = refresh(owner.refresh_token, agent="ladrao/1.0")

    assert thief.status == 401
    assert refresh(successor).status == 401


def test_the_grace_ends_when_the_successor_was_used() -> None:
    owner = sign_up()
    newest = refresh(refresh(owner.refresh_token).json["refresh_token"]).json["refresh_token"]

    assert refresh(owner.refresh_token).status == 401
    assert refresh(newest).status == 401


@pytest.mark.parametrize(("after", "status"), [(timedelta(days=6), 200), (timedelta(days=8), 401)])
def test_an_idle_session_ends_after_a_week(after: timedelta, status: int) -> None:
    owner = sign_up()
    with later(after):
        assert refresh(owner.refresh_token).status == status


def test_a_busy_session_ends_after_thirty_days() -> None:
    token = sign_up().refresh_token
    for day in range(5, 30, 5):
        with later(timedelta(days=day)):
            token = refresh(token).json["refresh_token"]
    with later(timedelta(days=30, minutes=1)):
        assert refresh(token).status == 401


@pytest.mark.req("A053")
def test_logout_ends_the_session_and_may_be_repeated() -> None:
    owner = sign_up()

    for _ in range(2):
        answer = call(auth, "POST", "/auth/logout", body={"refresh_token": owner.refresh_token})
        assert (answer.status, answer.text) == (204, "")

    assert refresh(owner.refresh_token).status == 401


@pytest.mark.req("A012", "A052")
def test_role_and_membership_are_read_again_at_refresh() -> None:
    owner = sign_up()
    email = unique_email("colega")
    body = {"name": "Colega", "email": email, "password": PASSWORD, "role": "ADMIN"}
    colleague = call(tenants, "POST", "/users", body=body, token=owner.access_token).json
    logged_in = log_in(email)

    call(tenants, "PATCH", f"/users/{colleague['id']}", body={"role": "VIEWER"}, token=owner.access_token)
    demoted = refresh(logged_in.refresh_token)
    me = call(auth, "GET", "/me", token=demoted.json["access_token"])
    assert me.json["user"]["role"] == "VIEWER"
    assert call(tenants, "GET", "/users", token=demoted.json["access_token"]).status == 403

    assert call(tenants, "DELETE", f"/users/{colleague['id']}", token=owner.access_token).status == 204
    assert refresh(demoted.json["refresh_token"]).status == 401
    closed = call(auth, "POST", "/auth/login", body={"email": email, "password": PASSWORD})
    assert (closed.status, closed.json["code"]) == (403, "access_closed")


@pytest.mark.req("B044", "K46")
@pytest.mark.parametrize("status", ["PROVISIONING", "SUSPENDED", "CANCELLED"])
def test_nobody_enters_a_tenant_that_is_not_open(database: Database, status: str) -> None:
    owner = sign_up()
    _set_status(database, owner, status)

    login = call(auth, "POST", "/auth/login", body={"email": owner.email, "password": PASSWORD})

    assert (login.status, login.json["code"]) == (403, "access_closed")
    assert refresh(owner.refresh_token).status == 401


@pytest.mark.parametrize("status", ["TRIAL", "ACTIVE", "PAST_DUE"])
def test_the_people_of_an_open_tenant_enter(database: Database, status: str) -> None:
    owner = sign_up()
    _set_status(database, owner, status)
    assert refresh(log_in(owner.email).refresh_token).status == 200


@pytest.mark.req("A040", "B048")
def test_sessions_go_with_their_user(database: Database) -> None:
    owner = sign_up()
    refresh(owner.refresh_token)
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("delete from directory.users where id = %s", [owner.caller.user_id])
        left = connection.execute(
            "select count(*) from directory.sessions where user_id = %s", [owner.caller.user_id]
        ).fetchone()
    assert left == (0,)


@pytest.mark.req("A047", "A053")
def test_browsers_keep_the_refresh_token_in_a_cookie_that_scripts_cannot_read() -> None:
    owner = sign_up()

    login = call(auth, "POST", "/auth/login", body={"email": owner.email, "password": PASSWORD, "cookie": True})

    assert login.json["refresh_token"] is None
    cookie = login.cookies["painel_refresh"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/api/v1/auth"} <= set(cookie.split("; "))
    assert login.headers["cache-control"] == "no-store"

    again = call(auth, "POST", "/auth/refresh", body={}, headers={"Cookie": cookie.split("; ")[0]})
    assert (again.status, again.json["refresh_token"]) == (200, None)
    fresh = again.cookies["painel_refresh"].split("; ")[0]
    assert fresh != cookie.split("; ")[0]

    gone = call(auth, "POST", "/auth/logout", headers={"cookie": fresh})
    assert gone.status == 204
    assert "Max-Age=0" in gone.cookies["painel_refresh"]
    assert call(auth, "POST", "/auth/refresh", headers={"Cookie": fresh}).status == 401


def test_the_published_keys_hold_no_private_part() -> None:
    answer = call(auth, "GET", "/.well-known/jwks.json")
    assert answer.json["keys"]
    for key in answer.json["keys"]:
        assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
        assert (key["crv"], key["alg"]) == ("P-256", "ES256")


def test_me_without_a_token_is_refused() -> None:
    answer = call(auth, "GET", "/me")
    assert (answer.status, answer.json["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.req("A012")
def test_someone_who_left_reads_nothing_with_a_token_that_is_not_yet_over(database: Database) -> None:
    owner = sign_up()
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("delete from directory.memberships where user_id = %s", [owner.caller.user_id])
    assert call(auth, "GET", "/me", token=owner.access_token).status == 404


def test_a_dead_database_is_a_503_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    db.disconnect()
    with patch("painelml.core.connections._connect", side_effect=psycopg.OperationalError("no")):
        answer = call(auth, "POST", "/auth/login", body={"email": unique_email(), "password": PASSWORD})
    assert (answer.status, answer.json["code"]) == (503, "database_unavailable")
    assert answer.headers["retry-after"] == "5"


def _set_status(database: Database, owner: Person, status: str) -> None:
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("update directory.tenants set status = %s where id = %s", [status, tenant_of(owner)])
