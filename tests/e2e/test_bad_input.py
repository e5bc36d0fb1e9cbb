"""Bad input from outside gets the documented answer, through the real gateway and the real authorizer."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.shops import Shop
from tests.system import System


def ask(system: System, method: str, path: str, **options: Any) -> requests.Response:
    return requests.request(method, system.endpoints["api_url"] + path, timeout=30, **options)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{not json", 400, "malformed_json"),
        ('{"email": "a@b.example", "password": "a-long-password", "surprise": 1}', 400, "invalid_request"),
        ('{"email": 7, "password": "a-long-password"}', 400, "invalid_request"),
        ("[]", 400, "invalid_request"),
        ('{"email": "a@b.example", "password": "' + "x" * 300_000 + '"}', 413, "body_too_large"),
    ],
)
def test_a_bad_login_body_is_refused_with_a_reason(system: System, body: str, status: int, code: str) -> None:
    answer = ask(system, "POST", "/auth/login", data=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (status, "application/problem+json")
    problem = answer.json()
    assert problem["code"] == code
    assert {"type", "title", "status", "detail", "request_id"} <= problem.keys()


@pytest.mark.req("A048", "A161")
@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer x.y.z", "Basic abc", "Bearer " + "a" * 5000])
def test_a_missing_or_forged_token_is_refused_by_the_gateway(system: System, token: str) -> None:
    answer = ask(system, "GET", "/orders", headers={"Authorization": token} if token else {})
    assert answer.status_code in (401, 403)
    assert answer.headers["Content-Type"].split(";")[0] == "application/problem+json"


def test_answers_speak_the_language_that_was_asked_for(system: System, shop: Shop) -> None:
    said = {
        tongue: ask(
            system, "GET", "/orders/1", headers={"Authorization": f"Bearer {shop.seller.token}", "Accept-Language": tongue}
        ).json()["title"]
        for tongue in ("pt-BR", "en")
    }
    assert said == {"pt-BR": "Não encontrado", "en": "Not found"}


def test_an_unknown_route_is_a_problem_document(system: System, shop: Shop) -> None:
    answer = ask(system, "GET", "/orders/1/nothing", headers={"Authorization": f"Bearer {shop.seller.token}"})
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize(
    "token",
    ["wrong", "x%26MessageBody=FORGED", "x&MessageBody=FORGED", "x%26Action=PurgeQueue", "%25", "%C3%A7"],
)
def test_mercado_livres_door_answers_200_to_all_that_reaches_the_queue(system: System, token: str) -> None:
    good = system.endpoints["webhook_urls"]["mercado-livre"].rsplit("/", maxsplit=1)[0]
    for body in ('{"resource": "/orders/1&MessageBody=x", "user_id": "abc"}', "{broken", " ", "ção & %26"):
        answer = requests.post(f"{good}/{token}", data=body.encode(), headers={"Content-Type": "application/json"}, timeout=30)
        assert answer.status_code == 200, answer.text


def test_mercado_livres_door_asks_again_for_what_the_queue_cannot_hold(system: System) -> None:
    """SQS takes no empty message, so nothing was stored, and only a 200 may say that something was."""
    answer = requests.post(system.endpoints["webhook_urls"]["mercado-livre"], data=b"", timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (503, "not_stored")


def test_stripes_door_refuses_what_it_cannot_verify(system: System) -> None:
    url = system.endpoints["webhook_urls"]["stripe"]
    unsigned = requests.post(url, data=b'{"id": "evt_1"}', timeout=30)
    forged = requests.post(url, data=b'{"id": "evt_1"}', headers={"Stripe-Signature": "t=1,v1=00"}, timeout=30)
    assert (unsigned.status_code, forged.status_code) == (400, 401)
