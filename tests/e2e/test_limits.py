"""A plan's limits from outside: many requests at once do not pass one, and every answer says what is left."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from ops.seller import Seller
from tests.system import System

AGENTS_OF_FREE = 3
REQUESTS, AT_ONCE = (
    50,
    6,
)  # each at once is a function of its own to start; fifty at once are in tests/integration/test_plan_limits.py


@pytest.fixture
def seller(system: System) -> Seller:
    """A fresh tenant, whose OWNER is its only agent."""
    made = Seller(system.endpoints)
    email, password = f"limits-{secrets.token_hex(6)}@painelml.example", secrets.token_urlsafe(18)
    made.register(company="Loja no Limite", name="Ana Teste", email=email, password=password)
    made.log_in(email=email, password=password)
    return made


@pytest.mark.req("K08", "K14", "D045")
def test_many_requests_do_not_pass_a_limit(system: System, seller: Seller) -> None:
    def add(number: int) -> requests.Response:
        body = {
            "name": "Agente",
            "email": f"agent-{secrets.token_hex(8)}@painelml.example",
            "password": secrets.token_urlsafe(18),
        }
        return requests.post(
            f"{system.endpoints['api_url']}/users",
            json={**body, "role": "AGENT"},
            headers={"Authorization": f"Bearer {seller.token}"},
            timeout=120,
        )

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(add, range(REQUESTS)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(201) == AGENTS_OF_FREE - 1
    assert statuses.count(402) == REQUESTS - statuses.count(201)
    refused = next(answer for answer in answers if answer.status_code == 402).json()
    assert (refused["code"], refused["limit"], refused["current"], refused["upgrade"]) == (
        "limit_reached",
        AGENTS_OF_FREE,
        AGENTS_OF_FREE,
        "/billing/plans",
    )
    agents = next(use for use in seller.call("GET", "/tenant/usage", expect=200)["uses"] if use["entitlement"] == "agents")
    assert (agents["current"], agents["limit"], agents["warning"]) == (AGENTS_OF_FREE, AGENTS_OF_FREE, True)
    left = sorted(int(answer.headers["RateLimit-Remaining"]) for answer in answers)
    assert left[-1] < int(answers[0].headers["RateLimit-Limit"])
    assert left[0] <= left[-1] - REQUESTS // 2, "each call takes one, and few come back while this runs"


@pytest.mark.req("K07", "B050")
def test_the_catalogue_is_open_and_the_subscription_is_ones_own(system: System, seller: Seller) -> None:
    plans = requests.get(f"{system.endpoints['api_url']}/billing/plans?currency=BRL", timeout=30)
    assert (plans.status_code, len(plans.json()["plans"])) == (200, 9)
    mine = seller.call("GET", "/billing/subscription", expect=200)
    assert [item["plan"] for item in mine["items"]] == ["painel.free"]
    assert requests.get(f"{system.endpoints['api_url']}/billing/subscription", timeout=30).status_code == 401
