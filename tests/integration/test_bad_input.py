"""Bad input gets the documented problem document, in the caller's language, and nothing is half-written."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from lambdas.auth.handler import handler as auth
from lambdas.tenants.handler import handler as tenants
from painelml.core.http import BODY_LIMIT_BYTES
from tests.http import Answer, call
from tests.people import PASSWORD, Person, sign_up, unique_email
from tests.servers import Database

MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


@pytest.fixture(scope="module")
def owner(platform: Database) -> Person:
    return sign_up()


def rows(database: Database) -> Any:
    with psycopg.connect(database.superuser_url) as connection:
        return connection.execute(
            "select (select count(*) from directory.tenants), (select count(*) from directory.users), "
            "(select count(*) from directory.sessions), (select count(*) from app.idempotency_keys)"
        ).fetchone()


def register(**changes: Any) -> dict[str, Any]:
    return {"company_name": "Loja", "name": "Ana", "email": unique_email(), "password": PASSWORD, **changes}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in register().items() if key != name}


BROKEN: dict[str, Any] = {
    "not JSON": "{",
    "half a string": '{"email": "a',
    "no UTF-8": b'{"email": "\xff\xfe"}',
    "too deep": "[" * 100_000,
    "an endless number": '{"email": ' + "9" * 5000 + "}",
}
WRONG: dict[str, tuple[Any, str]] = {
    "a list": ([], "body"),
    "a string": ('"text"', "body"),
    "null": ("null", "body"),
    "no body": (None, "body"),
    "an unknown field": (register(admin=True), "admin"),
    "a missing field": (without("password"), "password"),
    "a number for a name": (register(name=7), "name"),
    "an object for an e-mail": (register(email={"$ne": ""}), "email"),
    "an empty name": (register(name="   "), "name"),
    "a long name": (register(name="x" * 121), "name"),
    "a NUL in a name": (register(name="a\0b"), "name"),
    "half a surrogate pair": (
        '{"company_name": "\\ud800", "name": "A", "email": "a@b.co", "password": "123456789012"}',
        "company_name",
    ),
    "no e-mail": (register(email="ana"), "email"),
    "an e-mail with a new line": (register(email="a@b.co\nbcc: c@d.co"), "email"),
    "an endless e-mail": (register(email="a" * 250 + "@b.co"), "email"),
    "a short password": (register(password="x" * 11), "password"),
    "a long password": (register(password="x" * 129), "password"),
    "half a surrogate pair in a password": (
        '{"company_name": "A", "name": "A", "email": "a@b.co", "password": "\\ud800\\ud800\\ud800\\ud80012345678"}',
        "password",
    ),
}


def check(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.json["code"]) == (status, code), answer.text
    assert set(answer.json) >= MEMBERS
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert PASSWORD not in answer.text


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_a_body_that_is_no_json(platform: Database, body: Any) -> None:
    before = rows(platform)
    check(call(auth, "POST", "/auth/register", body=body), 400, "malformed_json")
    assert rows(platform) == before


@pytest.mark.parametrize(("body", "field"), WRONG.values(), ids=WRONG)
def test_a_body_that_is_not_what_was_asked_for(platform: Database, body: Any, field: str) -> None:
    before = rows(platform)
    answer = call(auth, "POST", "/auth/register", body=body)
    check(answer, 400, "invalid_request")
    assert field in {fault["field"].split(".")[-1] for fault in answer.json["errors"]}
    assert rows(platform) == before


def test_what_was_sent_is_not_repeated(platform: Database) -> None:
    answer = call(auth, "POST", "/auth/register", body=register(password="segredo", name=["segredo"]))
    assert "segredo" not in answer.text


def test_a_body_over_the_limit(platform: Database) -> None:
    check(call(auth, "POST", "/auth/register", body=register(name="x" * BODY_LIMIT_BYTES)), 413, "body_too_large")


def test_another_content_type(platform: Database) -> None:
    answer = call(auth, "POST", "/auth/login", body="<xml/>", headers={"Content-Type": "text/xml"})
    check(answer, 415, "unsupported_content_type")


@pytest.mark.parametrize(
    ("handler", "method", "path"),
    [(auth, "GET", "/auth/nothing"), (auth, "GET", "/auth/login"), (auth, "PUT", "/me"), (tenants, "GET", "/users/1/2")],
)
def test_an_unknown_route(platform: Database, handler: Any, method: str, path: str) -> None:
    check(call(handler, method, path), 404, "not_found")


@pytest.mark.parametrize("user_id", ["1", "x", "%27", "01a20386-0000-7000-8000-00000000000g"])
def test_an_id_that_is_no_id(owner: Person, user_id: str) -> None:
    answer = call(tenants, "PATCH", f"/users/{user_id}", body={"name": "X"}, token=owner.access_token)
    check(answer, 400, "invalid_request")
    assert answer.json["errors"][0]["field"] == "user_id"


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5", "9" * 400])
def test_a_limit_out_of_bounds(owner: Person, limit: str) -> None:
    check(call(tenants, "GET", "/users", query={"limit": limit}, token=owner.access_token), 400, "invalid_request")


@pytest.mark.parametrize("role", ["owner", "ROOT", "", None, 1])
def test_a_role_that_is_none(owner: Person, platform: Database, role: Any) -> None:
    before = rows(platform)
    body = {"name": "X", "email": unique_email(), "password": PASSWORD, "role": role}
    check(call(tenants, "POST", "/users", body=body, token=owner.access_token), 400, "invalid_request")
    assert rows(platform) == before


@pytest.mark.parametrize("token", ["", "x", "x" * 300, "é" * 20, "a\0b" * 8, "\ud800" * 20])
def test_a_refresh_token_that_is_none(platform: Database, token: str) -> None:
    answer = call(auth, "POST", "/auth/refresh", body={"refresh_token": token} if token else {})
    assert answer.status in (400, 401), answer.text
    assert answer.json["code"] in ("invalid_request", "session_over")


@pytest.mark.parametrize("cookie", ["painel_refresh=", "painel_refresh=\x01", "=;=", "painel_refresh=" + "x" * 5000])
def test_a_cookie_that_is_none(platform: Database, cookie: str) -> None:
    check(call(auth, "POST", "/auth/refresh", headers={"Cookie": cookie}), 401, "session_over")


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
def test_an_access_token_that_is_none(platform: Database, token: str) -> None:
    assert call(tenants, "GET", "/tenant", token=token).status == 401


def test_errors_speak_the_callers_language(platform: Database) -> None:
    portuguese = call(auth, "POST", "/auth/refresh", body={})
    english = call(auth, "POST", "/auth/refresh", body={}, headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert portuguese.json["title"] == "Sessão encerrada"
    assert english.json["title"] == "Session over"
    assert json.loads(portuguese.text)["code"] == english.json["code"]


def test_a_fault_of_ours_is_a_500_without_its_text(platform: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("segredo interno")

    monkeypatch.setattr("painelml.identity.sessions.log_in", broken)
    answer = call(auth, "POST", "/auth/login", body={"email": "a@b.co", "password": PASSWORD})
    check(answer, 500, "internal_error")
    assert "segredo interno" not in answer.text
