"""API keys of programs: made by people, bound to a tenant, narrower than their maker, gone when revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from uuid import uuid4

import psycopg
import pytest

from painelml.identity import api_keys
from tests.http import Answer, call, gateway
from tests.letters import token_to
from tests.people import PASSWORD, Person, log_in, sign_up, tenant_of, unique_email
from tests.servers import Database

pytestmark = pytest.mark.usefixtures("platform")


def make(person: Person, *scopes: str, days: int = 30, **more: int) -> Answer:
    body = {"name": "ERP", "scopes": list(scopes), "expires_in_days": days, **more}
    return call(gateway, "POST", "/api-keys", body=body, token=person.access_token)


@pytest.mark.req("A042", "K33")
def test_a_key_calls_for_its_maker_within_its_scopes() -> None:
    owner = sign_up("Loja com ERP")

    made = make(owner, "READ_TENANT", "READ_SALES")
    key = made.json["key"]

    assert made.status == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    assert key.startswith(made.json["prefix"])
    assert call(gateway, "GET", "/tenant", token=key).json["name"] == "Loja com ERP"
    assert call(gateway, "GET", "/orders", token=key).status == 200
    assert call(gateway, "GET", "/users", token=key).status == 403
    assert call(gateway, "PATCH", "/tenant", body={"name": "Outra"}, token=key).status == 403
    assert call(gateway, "GET", "/me", token=key).json["permissions"] == ["READ_SALES", "READ_TENANT"]


@pytest.mark.req("A042", "K33")
def test_only_the_hash_is_kept_and_the_list_shows_no_key(database: Database) -> None:
    owner = sign_up()
    key = make(owner, "READ_TENANT").json["key"]
    call(gateway, "GET", "/tenant", token=key)

    listed = call(gateway, "GET", "/api-keys", token=owner.access_token)

    (shown,) = listed.json["data"]
    assert key not in listed.text
    assert shown["last_used_at"] is not None
    with psycopg.connect(database.superuser_url) as connection:
        row = str(connection.execute("select * from directory.api_keys where id = %s", [shown["id"]]).fetchone())
    assert key[len(shown["prefix"]) :] not in row


@pytest.mark.req("K33")
def test_a_revoked_expired_edited_or_unknown_key_is_refused() -> None:
    owner = sign_up()
    made = make(owner, "READ_TENANT", days=1).json
    key = made["key"]
    last = "a" if key[-1] != "a" else "b"

    with patch("painelml.identity.api_keys.directory_session") as looked:
        assert call(gateway, "GET", "/tenant", token=key[:-1] + last).status == 401
    looked.assert_not_called()
    assert call(gateway, "GET", "/tenant", token=api_keys.new_key()).status == 401
    with patch("painelml.identity.api_keys.now", lambda: datetime.now(UTC) + timedelta(days=1, seconds=1)):
        assert call(gateway, "GET", "/tenant", token=key).status == 401
    assert call(gateway, "GET", "/tenant", token=key).status == 200
    assert call(gateway, "DELETE", f"/api-keys/{made['id']}", token=owner.access_token).status == 204
    assert call(gateway, "GET", "/tenant", token=key).status == 401
    assert call(gateway, "DELETE", f"/api-keys/{made['id']}", token=owner.access_token).status == 404


@pytest.mark.req("K33", "D045", "A042")
def test_a_key_keeps_to_the_limit_that_it_was_made_with() -> None:
    owner = sign_up()
    made = make(owner, "READ_TENANT", rate_limit_15m=2).json
    other = make(owner, "READ_TENANT").json["key"]

    answers = [call(gateway, "GET", "/tenant", token=made["key"]) for _ in range(3)]

    assert made["rate_limit_15m"] == 2
    assert [answer.status for answer in answers] == [200, 200, 429]
    refused = answers[2]
    assert (refused.json["bucket"], refused.json["limit"], refused.json["upgrade"]) == ("key", 2, "/api-keys")
    assert refused.headers["ratelimit-policy"] == '"key";q=2;w=900'
    assert int(refused.headers["retry-after"]) > 400
    assert call(gateway, "GET", "/tenant", token=other).status == 200
    assert call(gateway, "GET", "/tenant", token=owner.access_token).status == 200
    listed = call(gateway, "GET", "/api-keys", token=owner.access_token).json["data"]
    assert [key["rate_limit_15m"] for key in listed] == [2, None]


@pytest.mark.req("K33")
def test_a_key_gets_no_larger_limit_than_its_plans() -> None:
    owner = sign_up()
    wide = make(owner, "READ_TENANT", rate_limit_15m=101)
    assert (wide.status, wide.json["code"], wide.json["limit"]) == (400, "key_limit_too_high", 100)
    assert wide.json["errors"][0]["field"] == "rate_limit_15m"
    assert make(owner, "READ_TENANT", rate_limit_15m=0).status == 400
    assert call(gateway, "GET", "/api-keys", token=owner.access_token).json["data"] == []
    assert make(owner, "READ_TENANT", rate_limit_15m=100).status == 201


@pytest.mark.req("K33")
def test_a_key_is_replaced_without_a_gap() -> None:
    """Rotation: the new one works before the old one ends."""
    owner = sign_up()
    old, new = make(owner, "READ_TENANT").json, make(owner, "READ_TENANT").json
    assert {call(gateway, "GET", "/tenant", token=key["key"]).status for key in (old, new)} == {200}
    assert call(gateway, "DELETE", f"/api-keys/{old['id']}", token=owner.access_token).status == 204
    assert [call(gateway, "GET", "/tenant", token=key["key"]).status for key in (old, new)] == [401, 200]


@pytest.mark.req("K33")
def test_the_last_use_is_written_once_a_minute() -> None:
    owner = sign_up()
    key = make(owner, "READ_TENANT").json["key"]

    def last_use() -> str:
        return str(call(gateway, "GET", "/api-keys", token=owner.access_token).json["data"][0]["last_used_at"])

    def used_after(seconds: int) -> str:
        with patch("painelml.identity.api_keys.now", lambda: began + timedelta(seconds=seconds)):
            assert call(gateway, "GET", "/tenant", token=key).status == 200
        return last_use()

    began = datetime.now(UTC)
    assert last_use() == "None"
    first = used_after(0)
    assert used_after(59) == first
    assert used_after(61) > first


def test_a_key_makes_no_keys_and_touches_no_account() -> None:
    owner = sign_up()
    key = make(owner, "MANAGE_API_KEYS", "MANAGE_USERS", "READ_USERS").json["key"]

    refused = [
        call(gateway, "POST", "/api-keys", body={"name": "x", "scopes": ["READ_TENANT"]}, token=key),
        call(gateway, "GET", "/api-keys", token=key),
        call(gateway, "GET", "/auth/sessions", token=key),
        call(gateway, "POST", "/auth/logout-all", token=key),
        call(gateway, "POST", "/auth/totp", body={"current_password": PASSWORD}, token=key),
        call(gateway, "POST", "/me/email", body={"current_password": PASSWORD, "email": unique_email()}, token=key),
    ]

    assert {(answer.status, answer.json["code"]) for answer in refused} == {(403, "key_not_enough")}
    assert call(gateway, "GET", "/users", token=key).status == 200


@pytest.mark.req("A012")
def test_a_key_is_no_wider_than_its_maker_now_or_later(database: Database) -> None:
    owner, email = sign_up(), unique_email("admin")
    call(gateway, "POST", "/invitations", body={"email": email, "role": "ADMIN"}, token=owner.access_token)
    joined = call(
        gateway, "POST", "/auth/accept-invitation", body={"token": token_to(email), "name": "Admin", "password": PASSWORD}
    )
    admin = log_in(email)

    wide = make(owner, "READ_PLATFORM", "READ_TENANT")
    key = make(admin, "READ_USERS", "READ_TENANT").json["key"]
    before = call(gateway, "GET", "/users", token=key).status
    path = f"/users/{joined.json['user_id']}"
    call(gateway, "PATCH", path, body={"role": "VIEWER"}, token=owner.access_token)
    demoted = call(gateway, "GET", "/users", token=key).status
    call(gateway, "PATCH", path, body={"is_active": False}, token=owner.access_token)

    assert (wide.status, wide.json["code"], wide.json["scopes"]) == (403, "scopes_too_wide", "READ_PLATFORM")
    assert (before, demoted) == (200, 403)
    assert call(gateway, "GET", "/tenant", token=key).status == 401


@pytest.mark.req("A003", "K33")
def test_a_foreign_key_is_neither_seen_nor_revoked() -> None:
    owner, stranger = sign_up(), sign_up("Loja Estranha")
    made = make(owner, "READ_TENANT").json

    assert call(gateway, "DELETE", f"/api-keys/{made['id']}", token=stranger.access_token).status == 404
    assert call(gateway, "GET", "/api-keys", token=stranger.access_token).json["data"] == []
    assert call(gateway, "GET", "/tenant", token=made["key"]).json["id"] == str(tenant_of(owner))


def test_a_viewer_makes_no_key_and_bad_input_is_told() -> None:
    owner, email = sign_up(), unique_email("leitora")
    call(gateway, "POST", "/invitations", body={"email": email, "role": "VIEWER"}, token=owner.access_token)
    call(gateway, "POST", "/auth/accept-invitation", body={"token": token_to(email), "name": "L", "password": PASSWORD})

    assert make(log_in(email), "READ_TENANT").status == 403
    assert make(owner).status == 400
    assert make(owner, "EVERYTHING").status == 400
    assert make(owner, "READ_TENANT", days=367).status == 400
    assert call(gateway, "DELETE", f"/api-keys/{uuid4()}", token=owner.access_token).status == 404


def test_a_key_of_a_closed_tenant_stops(database: Database) -> None:
    owner = sign_up()
    key = make(owner, "READ_TENANT").json["key"]
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("update directory.tenants set status = 'SUSPENDED' where id = %s", [tenant_of(owner)])
    assert call(gateway, "GET", "/tenant", token=key).status == 401


def test_no_key_reaches_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    owner = sign_up()
    key = make(owner, "READ_TENANT").json["key"]
    call(gateway, "GET", "/tenant", token=key)
    call(gateway, "GET", "/tenant", token=api_keys.new_key())
    assert key[15:] not in capsys.readouterr().out
