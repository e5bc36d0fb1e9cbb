"""Lines of ASVS 5, V6 and V7, that no other test holds: docs/security/asvs.md names them one by one."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from lambdas.auth.handler import handler as auth
from painelml.core.crypto import random_token
from tests.http import Answer, call, gateway
from tests.people import PASSWORD, log_in, sign_up, unique_email

pytestmark = [pytest.mark.usefixtures("platform"), pytest.mark.req("A151")]

EXACT = "  Três Pratos de Trigo 🐴 "


def register(password: str) -> tuple[str, Answer]:
    email = unique_email("dona")
    body = {"company_name": "Loja", "name": "Dona", "email": email, "password": password}
    return email, call(auth, "POST", "/auth/register", body=body)


@pytest.mark.parametrize(
    "other",
    [EXACT.strip(), EXACT.lower(), EXACT.removesuffix(" "), EXACT.replace("ê", "e\u0302"), EXACT.replace("ê", "e"), EXACT * 2],
)
def test_a_password_is_verified_exactly_as_it_was_given(other: str) -> None:
    """6.2.8: neither cut, nor trimmed, nor put into another case or normal form."""
    email, made = register(EXACT)
    assert made.status == 201, made.text
    assert call(auth, "POST", "/auth/login", body={"email": email, "password": other}).status == 401
    assert log_in(email, EXACT)


@pytest.mark.parametrize(("length", "status"), [(11, 400), (12, 201), (64, 201), (128, 201), (129, 400)])
def test_passwords_are_twelve_to_a_hundred_and_twenty_eight_characters(length: int, status: int) -> None:
    """6.2.1, 6.2.9, and 6.2.5: letters alone will do."""
    password = ("bravo cinza dedal farol gruta hotel jarro limpo museu navio " * 3)[:length]
    assert register(password)[1].status == status


def test_tokens_of_sessions_hold_128_bits_or_more_and_never_repeat() -> None:
    """7.2.3: the bytes come from the operating system (`secrets`), and none of them is constant."""
    tokens = [log_in(owner.email).refresh_token for owner in [sign_up()] for _ in range(8)]
    tokens += [random_token() for _ in range(2_000)]
    raw = [base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)) for token in tokens]
    assert {len(each) for each in raw} == {32}
    assert len(set(raw)) == len(raw)
    assert all(len({each[place] for each in raw}) > 200 for place in range(32))


def test_an_access_token_ends_with_its_session() -> None:
    """7.4.1: not when its own quarter of an hour is over, but at the next request."""
    owner = sign_up()
    assert call(gateway, "GET", "/me", token=owner.access_token).status == 200
    call(auth, "POST", "/auth/logout", body={"refresh_token": owner.refresh_token})
    after = call(gateway, "GET", "/me", token=owner.access_token)
    assert (after.status, after.json["code"]) == (401, "session_over")


def test_a_browsers_login_ends_the_session_that_its_cookie_held() -> None:
    """7.2.4: the cookie is replaced, so the token that was in it would live on unseen."""
    owner = sign_up()
    body: dict[str, Any] = {"email": owner.email, "password": PASSWORD, "cookie": True}
    cookie = call(auth, "POST", "/auth/login", body=body).cookies["painel_refresh"].split(";")[0]
    again = call(auth, "POST", "/auth/login", body=body, headers={"Cookie": cookie})
    assert again.status == 200
    fresh = again.cookies["painel_refresh"].split(";")[0]
    assert fresh != cookie
    assert call(auth, "POST", "/auth/refresh", headers={"Cookie": cookie}).status == 401
    assert call(auth, "POST", "/auth/refresh", headers={"Cookie": fresh}).status == 200
    assert call(auth, "POST", "/auth/refresh", body={"refresh_token": owner.refresh_token}).status == 200, "other places go on"


def test_an_administrator_ends_the_sessions_of_one_person_and_the_platform_those_of_all() -> None:
    """7.4.5 by deactivation; all of a tenant's: test_tenancy.py::test_a_suspension_bites_at_the_next_request."""
    owner, email = sign_up(), unique_email("colega")
    body = {"name": "Colega", "email": email, "password": PASSWORD, "role": "AGENT"}
    person = call(gateway, "POST", "/users", body=body, token=owner.access_token).json["id"]
    places = [log_in(email) for _ in range(2)]
    assert call(gateway, "DELETE", f"/users/{person}", token=owner.access_token).status == 204
    for place in places:
        assert call(gateway, "GET", "/me", token=place.access_token).status == 401
        assert call(auth, "POST", "/auth/refresh", body={"refresh_token": place.refresh_token}).status == 401
    assert call(gateway, "GET", "/me", token=owner.access_token).status == 200
