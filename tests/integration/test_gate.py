"""The gate before every call to Mercado Livre, against real Valkey: rates, fairness, 429s, circuits, and Valkey's absence."""

from __future__ import annotations

import json
from collections.abc import Generator
from itertools import accumulate
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from painelml.core import cache as caches
from painelml.core.cache import cache
from painelml.core.config import config
from painelml.marketplace.api import gate
from painelml.marketplace.api.endpoints import ENDPOINTS, Endpoint, endpoint_of
from painelml.marketplace.api.gate import MICRO, Passage, passing
from painelml.marketplace.errors import (
    ApplicationBlocked,
    CallRefused,
    HeldBack,
    MarketplaceBusy,
    OutcomeUnknown,
    Throttled,
)
from tests import servers
from tests.platform import tell

pytestmark = pytest.mark.usefixtures("valkey_url")

START = 1_700_000_000 * MICRO
ORDERS = endpoint_of("GET", "/orders/search")
ITEMS = endpoint_of("GET", "/items/bulk")


class Application:
    """An application of a test's own, so that its counts are nobody else's, on a clock of the test's own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rates: dict[str, int]) -> None:
        self.known = {"client_id": uuid4().int >> 70, "rates": rates}
        self.now = START
        monkeypatch.setattr(gate, "secret", lambda _: self.known)

    def ask(
        self, endpoint: Endpoint = ORDERS, *, seller: int = 1, background: bool = False
    ) -> tuple[Passage | None, float, str]:
        return gate._ask_valkey(endpoint, seller, background, now_us=self.now)

    def passes(self, endpoint: Endpoint = ORDERS, **who: Any) -> bool:
        return self.ask(endpoint, **who)[0] is not None

    def tell(self, outcome: str, *, endpoint: Endpoint = ORDERS, probe: int = 0, retry_after: int = 0) -> None:
        gate._tell_valkey(Passage(endpoint, probe), outcome, retry_after, now_us=self.now)

    def wait(self, seconds: float) -> None:
        self.now += int(seconds * MICRO)

    def pass_through(self, seconds: float, *, step: float = 0.05, **who: Any) -> int:
        """How many calls pass in the time, asking all the while."""
        passed = 0
        for _ in range(round(seconds / step)):
            passed += self.passes(**who)
            self.wait(step)
        return passed


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Application:
    return Application(monkeypatch, {"orders": 600, "total_per_hour": 1_000_000})


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """A Valkey of this test's own, which is killed; the session's own comes back after it."""
    kept = config().require("cache_url")
    with servers.valkey() as url:
        tell(PAINEL_CACHE_URL=url)
        caches.cache.cache_clear()
        assert cache().ping()
    monkeypatch.setattr(gate, "_local", gate._Local())
    try:
        yield
    finally:
        tell(PAINEL_CACHE_URL=kept)
        caches.cache.cache_clear()
        caches.outage.end()


# Rates ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.req("K53")
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    calls=st.sampled_from([1, 2, 5, 10, 37, 60]),
    gaps=st.lists(st.one_of(st.just(0), st.integers(0, 2 * MICRO), st.integers(0, 90 * MICRO)), min_size=1, max_size=90),
)
def test_no_minute_ever_holds_more_than_the_rate(monkeypatch: pytest.MonkeyPatch, calls: int, gaps: list[int]) -> None:
    app = Application(monkeypatch, {"orders": calls, "total_per_hour": 1_000_000})
    admitted = []
    for moment in accumulate(gaps, initial=START):
        app.now = moment
        if app.passes():
            admitted.append(moment)
    assert admitted[0] == START
    for first, begun in enumerate(admitted):
        assert sum(moment < begun + 60 * MICRO for moment in admitted[first:]) <= calls


@pytest.mark.req("K53")
def test_asking_all_the_time_gets_nearly_the_whole_rate(app: Application) -> None:
    assert 0.9 * 600 <= app.pass_through(60) <= 600


def test_the_whole_application_has_a_rate_too(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Application(monkeypatch, {"*": 100_000, "total_per_hour": 100})
    passed = sum(app.passes(endpoint, seller=seller) for seller in range(20) for endpoint in (ORDERS, ITEMS))
    assert passed == 10
    assert app.ask()[1] == pytest.approx(3602 / 90, rel=0.01)


def test_classes_do_not_share_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Application(monkeypatch, {"orders": 10, "items": 10, "total_per_hour": 1_000_000})
    assert app.passes(ORDERS)
    assert not app.passes(ORDERS)
    assert app.passes(ITEMS)


def test_every_class_has_a_rate_and_the_last_takes_what_is_left() -> None:
    assert ENDPOINTS[-1].name == endpoint_of("GET", "/sites").name == "other"
    assert len({endpoint.name for endpoint in ENDPOINTS}) == len(ENDPOINTS)
    found = {
        ("GET", "/orders/2000"): "orders",
        ("GET", "/packs/1"): "orders",
        ("GET", "/users/1/items/search"): "items",
        ("GET", "/items/bulk"): "items",
        ("PUT", "/user-products/MLBU1/stock/type/selling_address"): "items",
        ("GET", "/users/me"): "users",
        ("GET", "/messages/packs/1/sellers/2"): "messages_read",
        ("POST", "/messages/packs/1/sellers/2"): "messages_write",
        ("POST", "/answers"): "questions",
        ("GET", "/my/received_questions/search"): "questions",
        ("GET", "/post-purchase/v1/claims/1"): "claims",
        ("GET", "/shipments/1/costs"): "shipments",
        ("GET", "/collections/1"): "payments",
        ("GET", "/billing/integration/monthly/periods"): "billing",
        ("GET", "/missed_feeds"): "feeds",
        ("GET", "/applications/1/grants"): "applications",
        ("DELETE", "/users/1/applications/2"): "applications",
        ("POST", "/oauth/token"): "oauth",
        ("GET", "/sites/MLB/listing_prices"): "items",
    }
    assert {call: endpoint_of(*call).name for call in found} == found


# Fairness -------------------------------------------------------------------------------------------------------------------


@pytest.mark.req("K53")
def test_work_that_can_wait_gets_half_and_leaves_a_burst_for_the_rest(app: Application) -> None:
    assert 0.4 * 600 <= app.pass_through(60, background=True) <= 0.5 * 600 + 1
    assert sum(app.passes(seller=2) for _ in range(60)) >= 25, "people pass at once all the same"


@pytest.mark.req("K53")
def test_a_seller_that_asks_all_the_time_leaves_others_their_share(app: Application) -> None:
    passed = {1: 0, 2: 0, 3: 0}
    for tick in range(1_200):
        # Seller 1 asks four times as often as each of the others.
        for seller in (1, 1, 1) if tick % 2 else (1, 2, 3):
            passed[seller] += app.passes(seller=seller)
        app.wait(0.05)
    assert min(passed.values()) >= 0.25 * 600
    assert sum(passed.values()) >= 0.85 * 600


def test_a_seller_that_is_alone_may_use_it_all(app: Application) -> None:
    assert app.pass_through(60, seller=7) >= 0.9 * 600


def test_a_newcomer_waits_for_nobodys_backlog(app: Application) -> None:
    app.pass_through(30, seller=1)
    waited = 0.0
    while not app.passes(seller=2):
        app.passes(seller=1)
        app.wait(0.01)
        waited += 0.01
    assert waited < 1


# 429 ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.req("K53", "B055")
def test_a_429_halves_the_rate_and_it_comes_back(app: Application) -> None:
    app.pass_through(10)
    app.tell("throttled")
    assert app.pass_through(10) <= 0.65 * 100
    app.wait(60)
    assert app.pass_through(60) >= 0.9 * 600


def test_many_429s_at_once_are_one_cut(app: Application) -> None:
    for _ in range(3):
        app.passes()
        app.tell("throttled")
    assert float(cache().hget(gate._class_key(ORDERS), "factor") or 0) == 0.5
    app.wait(1.1)
    app.tell("throttled")
    assert float(cache().hget(gate._class_key(ORDERS), "factor") or 0) == pytest.approx(0.2555)


def test_retry_after_stops_the_class_for_as_long(app: Application) -> None:
    app.tell("throttled", retry_after=20)
    app.wait(19)
    passage, wait, why = app.ask()
    assert (passage, why) == (None, "circuit")
    assert wait == pytest.approx(1)
    assert app.passes(ITEMS)
    app.wait(1.1)
    assert app.passes()


# Circuits -------------------------------------------------------------------------------------------------------------------


def fail(app: Application, times: int) -> None:
    for _ in range(times):
        assert app.passes()
        app.tell("failure")


@pytest.mark.req("B055")
def test_failures_open_the_circuit_of_their_class(app: Application) -> None:
    fail(app, gate.FAILURES)
    passage, wait, why = app.ask(seller=2)
    assert (passage, why) == (None, "circuit")
    assert gate.FIRST_OPEN_SECONDS <= wait <= gate.FIRST_OPEN_SECONDS * 1.2
    assert app.passes(ITEMS)


@pytest.mark.req("B055")
def test_one_probe_closes_it_and_until_then_nobody_else_passes(app: Application) -> None:
    fail(app, gate.FAILURES)
    app.wait(gate.FIRST_OPEN_SECONDS * 1.2)
    probe = app.ask()[0]
    assert probe is not None
    assert probe.probe == 1
    assert not app.passes()
    app.tell("answered", probe=1)
    assert app.ask()[0] == Passage(ORDERS)


@pytest.mark.req("B055")
def test_a_failed_probe_opens_it_for_twice_as_long(app: Application) -> None:
    fail(app, gate.FAILURES)
    for period in (10, 20, 40, 80, 160, 300, 300):
        app.wait(360)
        assert app.ask()[0] == Passage(ORDERS, probe=1)
        app.tell("failure", probe=1)
        assert period <= app.ask()[1] <= period * 1.2


def test_a_probe_that_never_returned_is_followed_by_another(app: Application) -> None:
    fail(app, gate.FAILURES)
    app.wait(10)
    assert app.passes()
    assert not app.passes()
    app.wait(gate.PROBE_SECONDS)
    assert app.passes()


def test_a_few_failures_among_many_answers_open_nothing(app: Application) -> None:
    for number in range(40):
        assert app.passes()
        if number % 4 == 0:
            app.tell("failure")
        app.wait(0.2)
    assert app.passes()


@pytest.mark.req("B055")
def test_a_blocked_application_stops_every_class_and_is_probed_by_one(app: Application) -> None:
    app.tell("blocked")
    assert gate.is_application_blocked()
    for endpoint in (ORDERS, ITEMS):
        passage, wait, why = app.ask(endpoint)
        assert (passage, why) == (None, "circuit")
        assert wait >= gate.BLOCKED_SECONDS
    app.wait(gate.BLOCKED_SECONDS * 1.2)
    assert app.ask(ITEMS)[0] == Passage(ITEMS, probe=2)
    assert not app.passes(ORDERS)
    app.tell("answered", endpoint=ITEMS, probe=2)
    assert app.passes(ORDERS)
    assert not gate.is_application_blocked()


# Around a call --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [MarketplaceBusy("503"), OutcomeUnknown("lost"), Throttled("429")])
def test_what_came_of_a_call_is_told(app: Application, error: Exception) -> None:
    for _ in range(gate.FAILURES):
        with pytest.raises(type(error)), passing(ORDERS):
            raise error
    with pytest.raises(HeldBack) as held, passing(ORDERS):
        pass
    assert held.value.retry_after in range(1, 8)


def test_a_refusal_is_an_answer(app: Application) -> None:
    for _ in range(3 * gate.FAILURES):
        with pytest.raises(CallRefused), passing(ORDERS):
            raise CallRefused(400, "validation_error")
    with passing(ORDERS):
        pass


def test_a_block_is_told(app: Application) -> None:
    with pytest.raises(ApplicationBlocked), passing(ORDERS):
        raise ApplicationBlocked
    with pytest.raises(HeldBack) as held, passing(ITEMS):
        pass
    assert (held.value.retry_after or 0) >= gate.BLOCKED_SECONDS


def test_who_would_wait_too_long_is_told_for_how_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Application(monkeypatch, {"orders": 2, "total_per_hour": 1_000_000})
    with passing(ORDERS):
        pass
    with pytest.raises(HeldBack) as held, passing(ORDERS):
        pass
    assert 55 <= (held.value.retry_after or 0) <= 62
    assert '"MercadoLivreHeldBack": 1' in capsys.readouterr().out


# Without Valkey -------------------------------------------------------------------------------------------------------------


@pytest.mark.req("K53")
def test_without_valkey_a_process_goes_on_slowly_and_says_so(
    monkeypatch: pytest.MonkeyPatch, gone: None, capsys: pytest.CaptureFixture[str]
) -> None:
    Application(monkeypatch, {"orders": 600, "total_per_hour": 1_000_000})
    monkeypatch.setattr(gate, "PATIENCE_SECONDS", 0)
    passed = 0
    for _ in range(40):
        try:
            with passing(ORDERS):
                passed += 1
        except HeldBack:
            pass
    assert passed == 600 // gate.LOCAL_SHARE == 15
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"MercadoLivreGateLocal"' in line]
    assert len(lines) == 40
    assert lines[0]["endpoint"] == "orders"


@pytest.mark.req("B055")
def test_without_valkey_a_process_has_a_circuit_of_its_own(monkeypatch: pytest.MonkeyPatch, gone: None) -> None:
    Application(monkeypatch, {"*": 100_000})
    for _ in range(gate.FAILURES):
        with pytest.raises(MarketplaceBusy), passing(ORDERS):
            raise MarketplaceBusy("503")
    with pytest.raises(HeldBack), passing(ORDERS):
        pass
    with passing(ITEMS):
        pass
