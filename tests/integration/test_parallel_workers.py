"""Twenty workers at once, each with connections of its own: one live pair of tokens, and never more calls than allowed.

The long form, `PAINEL_RACE_ROUNDS=500`, is the same with more rounds.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest

from painelml.core import db
from painelml.core.cache import cache, tenant_key
from painelml.core.db import tenant_session
from painelml.core.secrets import secret
from painelml.marketplace.accounts import tokens
from painelml.marketplace.accounts.service import connected_account
from painelml.marketplace.api import gate
from painelml.marketplace.api.endpoints import endpoint_of
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.errors import MarketplaceBusy
from tests.people import Person, sign_up
from tests.proxy import Loss, Proxy
from tests.sellers import connect
from tests.servers import Database
from tests.simulator import Simulator

WORKERS = 20
ROUNDS = int(os.environ.get("PAINEL_RACE_ROUNDS", "50"))
SEED = 20261125


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


@pytest.fixture
def workers() -> Generator[ThreadPoolExecutor]:
    """Threads that outlive a round, so that each keeps its connection, as a warm function does."""
    with ThreadPoolExecutor(WORKERS) as pool:
        yield pool
        done = Barrier(WORKERS)

        def leave(_: int) -> None:
            done.wait(30)
            db.disconnect()

        list(pool.map(leave, range(WORKERS)))


def losses(seed: int) -> Iterator[Loss]:
    """About a quarter of the token calls are disturbed, never the same one twice in a row: one lost twice is put off."""
    chance = random.Random(seed)
    while True:
        lost = chance.choice(["", "", "", "", "before", "after"])
        yield lost
        if lost:
            yield ""


def account_row(person: Person, account_id: UUID) -> tuple[str, str, str]:
    """Status, access token and refresh token."""
    pair = tokens.held(person.caller.tenant_id, account_id)
    assert pair is not None
    with tenant_session(person.caller.tenant_id) as session:
        return connected_account(session, account_id).status, pair.access, pair.refresh


@pytest.mark.req("K54", "A101")
def test_twenty_workers_leave_one_live_pair_whatever_is_lost_on_the_way(
    person: Person, proxy: Proxy, sim: Simulator, workers: ThreadPoolExecutor
) -> None:
    """Mercado Livre answers a used refresh token again here, which is what makes a lost answer survivable (decision 0048)."""
    seller_id, tenant_id = sim.seller(items=1), person.caller.tenant_id
    account_id = connect(person, sim, seller_id)
    proxy.grace, proxy.losses = True, losses(SEED)
    before = sim.token_calls(seller_id)["refresh_token"]
    dead = tokens.access_token(tenant_id, account_id)
    for round_number in range(ROUNDS):
        start = Barrier(WORKERS)

        def ask(worker: int, dead: str = dead, start: Barrier = start) -> str:
            start.wait(30)
            return tokens.refreshed(tenant_id, account_id, unlike=dead)

        got = set(workers.map(ask, range(WORKERS)))
        assert len(got) == 1, f"round {round_number}: {len(got)} different tokens"
        [fresh] = got
        assert fresh != dead
        dead = fresh
    status, access, refresh = account_row(person, account_id)
    truth = sim.token_calls(seller_id)
    assert status == "ACTIVE"
    assert (access, refresh) == (dead, truth["current_refresh_token"])
    assert truth["refresh_token"] - before == ROUNDS
    assert truth["refused"] == 0
    assert proxy.arrived("/oauth/token") > ROUNDS, "nothing was lost on the way"


@pytest.mark.req("K54")
def test_workers_that_find_an_expiring_token_refresh_it_once(
    person: Person, proxy: Proxy, sim: Simulator, workers: ThreadPoolExecutor, platform: Database
) -> None:
    seller_id, tenant_id = sim.seller(items=1), person.caller.tenant_id
    account_id = connect(person, sim, seller_id)
    sim.chaos(access_dies_on_refresh=True)
    with tenant_session(tenant_id) as session:
        account = connected_account(session, account_id)
        session.execute(
            "update app.ml_account_tokens set expires_at = now() + interval '1 minute'"
            " where tenant_id = %(tenant_id)s and account_id = %(account)s",
            account=account_id,
        )
    cache().delete(tenant_key(tenant_id, "ml-token", str(account_id)))
    found = workers.map(lambda _: SellerApi(account).get("/users/me").document["id"], range(WORKERS))
    assert set(found) == {seller_id}
    assert sim.token_calls(seller_id)["refresh_token"] == 1


# Limits ---------------------------------------------------------------------------------------------------------------------


def keep_asking(api: SellerApi, until: float, stop: Callable[[], bool] = lambda: False) -> int:
    """How many calls were answered until then."""
    answered = 0
    while time.monotonic() < until and not stop():
        try:
            api.get("/users/me")
            answered += 1
        except MarketplaceBusy:
            time.sleep(0.05)
    return answered


def limited(monkeypatch: pytest.MonkeyPatch, **rates: int) -> None:
    known = {**secret("mercado_livre"), "rates": {"*": 60_000, **rates}}
    monkeypatch.setattr(gate, "secret", lambda _: known)


@pytest.mark.req("K53", "B055")
def test_twenty_workers_never_make_more_calls_than_the_rate(
    person: Person, proxy: Proxy, sim: Simulator, workers: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """600 a minute: sixty at once, and then 540 in 62 s. What arrives in any second, and in all, is counted by the proxy."""
    account_id = connect(person, sim, sim.seller(items=1))
    tokens.access_token(person.caller.tenant_id, account_id)
    with tenant_session(person.caller.tenant_id) as session:
        api = SellerApi(connected_account(session, account_id))
    limited(monkeypatch, users=600)
    proxy.arrivals.clear()
    began = time.monotonic()
    answered = sum(workers.map(lambda _: keep_asking(api, began + 10), range(WORKERS)))
    allowed = 60 + (time.monotonic() - began) * 540 / 62
    assert proxy.arrived("/users/me") == answered
    assert answered <= allowed + 2
    assert answered >= 0.8 * allowed, "the rate is used"
    assert proxy.peak("/users/me", 1) <= 60 + 540 / 62 + 2


@pytest.mark.req("K53", "B055")
def test_the_rate_falls_when_mercado_livre_says_so_and_comes_back(
    person: Person, proxy: Proxy, sim: Simulator, workers: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mercado Livre grants less than we believe: after some 429s hardly any, and the rate grows again once there are none."""
    account_id = connect(person, sim, sim.seller(items=1))
    tokens.access_token(person.caller.tenant_id, account_id)
    with tenant_session(person.caller.tenant_id) as session:
        api = SellerApi(connected_account(session, account_id))
    limited(monkeypatch, users=3_000)
    monkeypatch.setattr(gate, "FAILURES", 1_000_000)  # here it is the rate that yields, not the circuit
    key = gate._class_key(endpoint_of("GET", "/users/me"))
    proxy.limit = 20
    began = time.monotonic()
    list(workers.map(lambda _: keep_asking(api, began + 8), range(WORKERS)))
    lowered = float(cache().hget(key, "factor") or 1)
    assert lowered <= 0.5
    asked, refused = proxy.arrived("/users/me"), proxy.refused
    began = time.monotonic()
    list(workers.map(lambda _: keep_asking(api, began + 4), range(WORKERS)))
    assert proxy.refused - refused <= 0.1 * (proxy.arrived("/users/me") - asked) + 2, "still asking more than it grants"
    proxy.limit = None
    monkeypatch.setattr(gate, "RECOVERY_PER_SECOND", 0.5)
    time.sleep(2.1)
    asked, began = proxy.arrived("/users/me"), time.monotonic()
    list(workers.map(lambda _: keep_asking(api, began + 2), range(WORKERS)))
    assert (proxy.arrived("/users/me") - asked) / 2 > 3 * 20, "the rate did not come back"
