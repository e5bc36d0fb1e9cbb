"""The life of a connection after the consent: copies of its token, refreshes, grants that are taken back."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import chain, repeat
from uuid import UUID

import pytest

from painelml.core import clock
from painelml.core.cache import cache, tenant_key
from painelml.core.db import tenant_session
from painelml.core.secrets import secret
from painelml.marketplace.accounts import grants, refresh, tokens
from painelml.marketplace.api import oauth
from painelml.marketplace.errors import (
    MarketplaceBusy,
    ReconnectRequired,
)
from tests.http import call, gateway
from tests.people import Person, sign_up
from tests.proxy import Proxy
from tests.sellers import api_of, connect, shown
from tests.servers import Database
from tests.simulator import Simulator

POLICY = '{"code":"PA_UNAUTHORIZED_RESULT_FROM_POLICIES","blocked_by":"PolicyAgent","message":"m","status":403}'
FORBIDDEN = (
    '{"message":"the user has pending documentation","error":"access_denied","status":403,"cause":[],"code":"FORBIDDEN"}'
)


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


def later(monkeypatch: pytest.MonkeyPatch, **passed: float) -> None:
    moment = clock.now() + timedelta(**passed)
    for module in (tokens, refresh, grants):
        monkeypatch.setattr(module, "now", lambda: moment)


# Copies of tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.req("B019", "K54")
def test_the_cache_holds_ciphertext_that_ends_before_the_token(person: Person, sim: Simulator) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    token = tokens.access_token(person.caller.tenant_id, account_id)
    key = tenant_key(person.caller.tenant_id, "ml-token", str(account_id))
    copy = str(cache().get(key))
    assert copy
    assert token not in copy
    assert "APP_USR" not in copy
    with tenant_session(person.caller.tenant_id) as session:
        ends = session.value(
            "select expires_at from app.ml_account_tokens where tenant_id = %(tenant_id)s and account_id = %(account)s",
            account=account_id,
        )
    assert 0 < cache().ttl(key) <= (ends - clock.now() - tokens.STALE).total_seconds() + 1


@pytest.mark.req("B019", "K54")
def test_the_copy_is_only_a_copy(person: Person, sim: Simulator) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    token = tokens.access_token(person.caller.tenant_id, account_id)
    cache().flushall()
    assert tokens.access_token(person.caller.tenant_id, account_id) == token
    # The copy is used: without the row it still answers.
    key = tenant_key(person.caller.tenant_id, "ml-token", str(account_id))
    assert cache().exists(key)


@pytest.mark.req("B019", "K54")
def test_a_copy_saves_the_read_of_the_row(person: Person, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    token = tokens.access_token(person.caller.tenant_id, account_id)
    monkeypatch.setattr(tokens, "tenant_session", lambda _: pytest.fail("the row was read"))
    assert tokens.access_token(person.caller.tenant_id, account_id) == token


@pytest.mark.req("K54")
def test_a_copy_that_is_out_of_date_costs_one_401(person: Person, proxy: Proxy, sim: Simulator) -> None:
    seller_id = sim.seller(items=1)
    account_id = connect(person, sim, seller_id)
    key = tenant_key(person.caller.tenant_id, "ml-token", str(account_id))
    stale = tokens.access_token(person.caller.tenant_id, account_id)
    old = str(cache().get(key))
    sim.chaos(access_dies_on_refresh=True)
    tokens.refreshed(person.caller.tenant_id, account_id, unlike=stale)
    cache().set(key, old)
    assert api_of(person, account_id).get("/users/me").document["id"] == seller_id
    assert sim.token_calls(seller_id)["refresh_token"] == 1


@pytest.mark.req("K54", "A021")
def test_a_disconnected_account_leaves_no_copy(person: Person, sim: Simulator) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    tokens.access_token(person.caller.tenant_id, account_id)
    assert call(gateway, "DELETE", f"/ml-accounts/{account_id}", caller=person.caller).status == 204
    assert not cache().exists(tenant_key(person.caller.tenant_id, "ml-token", str(account_id)))


# Refreshing -----------------------------------------------------------------------------------------------------------------


def refresh_now(person: Person, account_id: UUID) -> str:
    tenant_id = person.caller.tenant_id
    return tokens.refreshed(tenant_id, account_id, unlike=tokens.access_token(tenant_id, account_id))


@pytest.mark.req("K54")
def test_a_refresh_that_never_arrived_is_made_again(person: Person, proxy: Proxy, sim: Simulator) -> None:
    seller_id = sim.seller(items=1)
    account_id = connect(person, sim, seller_id)
    proxy.losses = chain(["before"], repeat(""))
    assert refresh_now(person, account_id) in sim.token_calls(seller_id)["access_tokens"]
    assert shown(person, account_id)["status"] == "ACTIVE"


@pytest.mark.req("K54")
def test_an_answer_lost_after_the_rotation_is_asked_for_again_where_that_helps(
    person: Person, proxy: Proxy, sim: Simulator
) -> None:
    seller_id = sim.seller(items=1)
    account_id = connect(person, sim, seller_id)
    proxy.grace, proxy.losses = True, chain(["after"], repeat(""))
    assert refresh_now(person, account_id) in sim.token_calls(seller_id)["access_tokens"]
    assert sim.token_calls(seller_id)["refused"] == 0


@pytest.mark.req("K54")
def test_an_answer_lost_for_good_asks_the_seller_and_says_why(person: Person, proxy: Proxy, sim: Simulator) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    proxy.losses = chain(["after"], repeat(""))
    with pytest.raises(ReconnectRequired):
        refresh_now(person, account_id)
    account = shown(person, account_id)
    assert (account["status"], account["health"]["reason"]) == ("RECONNECT_REQUIRED", "refresh_answer_lost")
    assert account["reconnect"]


def test_a_token_endpoint_that_stays_silent_costs_no_account(person: Person, proxy: Proxy, sim: Simulator) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    proxy.losses = repeat("before")
    with pytest.raises(MarketplaceBusy):
        refresh_now(person, account_id)
    assert shown(person, account_id)["status"] == "ACTIVE"
    proxy.losses = None
    assert refresh_now(person, account_id)


@pytest.mark.req("A101")
def test_a_refused_refresh_ahead_leaves_the_token_to_its_end_and_tells_the_seller(
    person: Person, proxy: Proxy, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller_id = sim.seller(items=1)
    account_id = connect(person, sim, seller_id)
    proxy.losses = chain(["after"], repeat(""))
    later(monkeypatch, hours=5)
    tokens.refresh_ahead(person.caller.tenant_id, account_id)
    account = shown(person, account_id)
    assert (account["status"], account["health"]["state"]) == ("ACTIVE", "warning")
    assert account["health"]["reason"] == "refresh_refused"
    assert account["reconnect"]
    assert api_of(person, account_id).get("/users/me").document["id"] == seller_id
    later(monkeypatch, hours=5, minutes=57)
    with pytest.raises(ReconnectRequired):
        tokens.refreshed(person.caller.tenant_id, account_id, unlike=tokens.access_token(person.caller.tenant_id, account_id))
    assert shown(person, account_id)["status"] == "RECONNECT_REQUIRED"
    assert connect(person, sim, seller_id) == account_id
    assert shown(person, account_id)["health"]["state"] == "ok"


def test_two_valid_client_secrets_are_tried_in_order(person: Person, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    account_id = connect(person, sim, sim.seller(items=1))
    ours = secret("mercado_livre")
    renewed = {**ours, "client_secrets": ["renewed-and-not-known-yet", ours["client_secret"]]}
    monkeypatch.setattr(oauth, "secret", lambda _: renewed)
    assert refresh_now(person, account_id)
    monkeypatch.setattr(oauth, "secret", lambda _: {**ours, "client_secrets": ["wrong", "wrong too"]})
    with pytest.raises(MarketplaceBusy):
        refresh_now(person, account_id)
    assert shown(person, account_id)["status"] == "ACTIVE"


# Grants ---------------------------------------------------------------------------------------------------------------------


def check() -> dict[str, int]:
    return grants.check_grants(lambda: True)


@pytest.mark.req("A021")
def test_a_grant_that_was_taken_back_is_found_without_a_notification(
    person: Person, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, kept = sim.seller(items=1), sim.seller(items=1)
    other = sign_up()
    account_id, other_id = connect(person, sim, gone), connect(other, sim, kept)
    sim.ask("POST", f"/_sim/sellers/{gone}/revoke", {})
    assert check()["revoked"] == 0, "too fresh to be sure"
    later(monkeypatch, minutes=11)
    assert check()["revoked"] >= 1
    account = shown(person, account_id)
    assert (account["status"], account["health"]["state"], account["health"]["reason"]) == (
        "RECONNECT_REQUIRED",
        "broken",
        "grant_revoked",
    )
    assert account["reconnect"]
    assert shown(other, other_id)["status"] == "ACTIVE"
    monkeypatch.undo()
    assert connect(person, sim, gone) == account_id


@pytest.mark.parametrize(
    "document",
    [
        '{"paging": {"total": 2}, "grants": []}',
        '{"paging": {"total": 9000}, "grants": [{"user_id": 1, "app_id": 4929174000000000}]}',
        '{"paging": {"total": 1}, "grants": [{"user_id": 1, "app_id": 4929174000000000}]}',
        '{"paging": {"total": 1}, "grants": [{"user_id": 1, "app_id": 7}]}',
        '{"grants": []}',
        "[]",
        "{}",
    ],
)
def test_a_list_of_grants_that_is_not_whole_changes_nothing(
    document: str, person: Person, proxy: Proxy, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller_id = sim.seller(items=1)
    account_id = connect(person, sim, seller_id)
    sim.ask("POST", f"/_sim/sellers/{seller_id}/revoke", {})
    other = sign_up()
    connect(other, sim, sim.seller(items=1))
    proxy.answer("/applications/", 200, document)
    later(monkeypatch, minutes=11)
    assert check() == {"grants": 0, "revoked": 0}
    assert shown(person, account_id)["status"] == "ACTIVE"


def test_a_seller_who_is_not_listed_keeps_an_account_whose_token_works(
    person: Person, proxy: Proxy, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole list with only the seller who asks: everyone else's token is tried first, and works."""
    account_id = connect(person, sim, sim.seller(items=1))
    asking = sim.seller(items=1)
    connect(sign_up(), sim, asking)
    listed = {"paging": {"total": 1}, "grants": [{"user_id": asking, "app_id": 4929174000000000}]}
    proxy.answer("/applications/", 200, json.dumps(listed))
    later(monkeypatch, minutes=11)
    assert check()["grants"] == 1
    assert shown(person, account_id)["status"] == "ACTIVE"


@pytest.mark.req("A116")
def test_accounts_per_tenant_are_measured_beside_the_tenants_id(
    person: Person, sim: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(person, sim, sim.seller(items=1))
    check()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"MercadoLivreAccounts"' in line]
    [ours] = [line for line in lines if line["tenant"] == str(person.caller.tenant_id)]
    assert ours["MercadoLivreAccounts"] == 1
    assert ours["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [[]]
