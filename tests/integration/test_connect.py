"""Connecting a seller: consent, callback, tokens; and everything that must not connect one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import psycopg
import pytest

from lambdas.token_refresh.handler import handler as token_refresh
from painelml.core import clock, db
from painelml.core.cache import cache
from painelml.core.crypto import SealBroken, unseal
from painelml.marketplace.accounts import refresh, states, tokens
from painelml.marketplace.api import oauth
from painelml.marketplace.errors import ReconnectRequired
from tests.http import Context, call, gateway
from tests.people import Person, sign_up
from tests.sellers import WEB_URL, begin, come_back, connect
from tests.servers import Database
from tests.simulator import Simulator


@pytest.fixture
def person(platform: Database) -> Person:
    return sign_up()


@pytest.mark.req("B018", "A021", "B001", "B002", "B052")
def test_a_seller_is_connected_and_nothing_shows_a_token(sim: Simulator, person: Person) -> None:
    seller = sim.seller(nickname="LOJA-UM")
    account_id = connect(person, sim, seller)
    listed = call(gateway, "GET", "/ml-accounts", caller=person.caller)
    (account,) = listed.json["data"]
    assert account["id"] == str(account_id)
    assert account["seller_id"] == str(seller)
    assert account["nickname"] == "LOJA-UM"
    assert account["status"] == "ACTIVE"
    assert account["health"] == {"state": "ok", "reason": None, "problems": []}
    one = call(gateway, "GET", f"/ml-accounts/{account_id}", caller=person.caller)
    assert one.json == account
    held = sim.ask("GET", "/_sim/tokens?values=1")["accounts"]
    secrets = next([row["current_refresh_token"], *row["access_tokens"]] for row in held if row["user_id"] == seller)
    assert secrets
    assert not any(secret in listed.text + one.text for secret in secrets)


@pytest.mark.req("A021")
def test_tokens_are_sealed_to_their_tenant_and_account(sim: Simulator, person: Person, platform: Database) -> None:
    account_id = connect(person, sim, sim.seller())
    with psycopg.connect(platform.superuser_url) as admin:
        row = admin.execute("select access_token from app.ml_account_tokens where account_id = %s", [account_id]).fetchone()
    assert row
    assert b"APP_USR" not in row[0]
    assert unseal(row[0], bound_to=f"{person.caller.tenant_id}/{account_id}/access_token").startswith("APP_USR")
    with pytest.raises(SealBroken):
        unseal(row[0], bound_to=f"{uuid4()}/{account_id}/access_token")


def test_the_consent_page_gets_state_and_a_challenge_and_the_exact_redirect(sim: Simulator, person: Person) -> None:
    url, cookie = begin(person)
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"].endswith("/v1/ml-accounts/callback")
    assert query["state"] not in cookie


def test_the_cookie_is_for_the_callback_only(sim: Simulator, person: Person) -> None:
    begun = call(gateway, "POST", "/ml-accounts/connect", body={}, caller=person.caller)
    cookie = begun.cookies["painel_ml_connect"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/api/v1/ml-accounts/callback" in cookie
    assert "max-age=600" in cookie


def test_the_web_panel_gets_its_own_address_back(sim: Simulator, person: Person) -> None:
    url, cookie = begin(person, Origin=WEB_URL)
    assert parse_qs(urlsplit(url).query)["redirect_uri"] == [f"{WEB_URL}/api/v1/ml-accounts/callback"]
    back = come_back(sim.consent(url, sim.seller()), cookie, accept="text/html")
    assert back.status == 303
    assert back.headers["location"].startswith(f"{WEB_URL}/?ml_account=")


def test_a_foreign_origin_gets_no_address_of_its_own(sim: Simulator, person: Person) -> None:
    url, _ = begin(person, Origin="https://evil.example")
    assert "evil" not in url


def test_a_browser_lands_on_a_page_in_its_language(sim: Simulator, person: Person) -> None:
    url, cookie = begin(person)
    back = come_back(sim.consent(url, sim.seller()), cookie, accept="text/html", **{"Accept-Language": "en"})
    assert back.status == 200
    assert "text/html" in back.headers["content-type"]
    assert "Account connected" in back.text


@pytest.mark.req("B018")
def test_another_browsers_consent_is_refused(sim: Simulator, person: Person) -> None:
    """The attack: someone starts a connection, a victim consents to it, and the victim's browser lands on our callback."""
    attacker, victims_store = person, sim.seller()
    url, cookie = begin(attacker)
    returned = sim.consent(url, victims_store)
    victim = come_back(returned, cookie="")
    assert victim.status == 400
    assert victim.json["code"] == "connection_refused"
    # Nor can the attacker finish it afterwards with the cookie, should the address leak.
    assert come_back(returned, cookie).status == 400
    assert call(gateway, "GET", "/ml-accounts", caller=attacker.caller).json["data"] == []


def test_a_cookie_of_another_connection_is_refused(sim: Simulator, person: Person) -> None:
    url, _ = begin(person)
    _, other = begin(sign_up())
    assert come_back(sim.consent(url, sim.seller()), other).status == 400


@pytest.mark.req("A016", "A093", "K48")
def test_a_state_works_once(sim: Simulator, person: Person) -> None:
    url, cookie = begin(person)
    returned = sim.consent(url, sim.seller())
    assert come_back(returned, cookie).status == 200
    assert come_back(returned, cookie).json["code"] == "connection_refused"


def test_of_two_uses_at_once_one_wins(sim: Simulator, person: Person) -> None:
    url, cookie = begin(person)
    returned = sim.consent(url, sim.seller())
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda _: come_back(returned, cookie).status, range(2)))
    assert sorted(answers) == [200, 400]


@pytest.mark.req("A016", "A093", "K48")
def test_the_cache_holds_only_a_copy_of_the_state(sim: Simulator, person: Person) -> None:
    url, cookie = begin(person)
    assert cache().keys("ml-connect:*")
    cache().flushall()
    assert come_back(sim.consent(url, sim.seller()), cookie).status == 200


def test_a_state_expires_after_ten_minutes(sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    url, cookie = begin(person)
    returned = sim.consent(url, sim.seller())
    later = clock.now() + timedelta(minutes=10, seconds=1)
    monkeypatch.setattr(states, "now", lambda: later)
    assert come_back(returned, cookie).status == 400


def test_a_made_up_state_is_refused(sim: Simulator) -> None:
    assert come_back({"state": "x" * 43, "code": "TG-1"}, "painel_ml_connect=y").json["code"] == "connection_refused"
    assert come_back({"code": "TG-1"}, "").status == 400


def test_someone_who_left_the_tenant_cannot_finish(sim: Simulator, person: Person, platform: Database) -> None:
    url, cookie = begin(person)
    with psycopg.connect(platform.superuser_url, autocommit=True) as admin:
        admin.execute("update directory.memberships set is_active = false where user_id = %s", [person.caller.user_id])
    assert come_back(sim.consent(url, sim.seller()), cookie).json["code"] == "connection_refused"


@pytest.mark.parametrize(
    ("decision", "operator", "reason"), [("deny", False, "access_denied"), ("allow", True, "invalid_operator_user_id")]
)
def test_a_denied_consent_says_why(sim: Simulator, person: Person, decision: str, operator: bool, reason: str) -> None:
    url, cookie = begin(person)
    seller = sim.seller(operator_of=sim.seller()) if operator else sim.seller()
    back = come_back(sim.consent(url, seller, decision), cookie)
    assert back.json["code"] == "consent_denied"
    assert back.json["reason"] == reason


def test_a_code_that_is_not_ours_says_so(sim: Simulator, person: Person) -> None:
    url, cookie = begin(person)
    returned = sim.consent(url, sim.seller())
    assert come_back({**returned, "code": "TG-forged-1"}, cookie).json["reason"] == "invalid_grant"


@pytest.mark.req("K13", "B053")
def test_a_seller_is_active_in_one_tenant_and_stays_connected_there(sim: Simulator, person: Person) -> None:
    seller, rival = sim.seller(), sign_up()
    account_id = connect(person, sim, seller)
    url, cookie = begin(rival)
    refused = come_back(sim.consent(url, seller), cookie)
    assert refused.status == 409
    assert refused.json["code"] == "seller_connected_elsewhere"
    assert call(gateway, "GET", "/ml-accounts", caller=rival.caller).json["data"] == []
    # Mercado Livre gave a new pair and killed the old one: it went to the account that holds the seller.
    assert tokens.access_token(person.caller.tenant_id, account_id) in sim.token_calls(seller)["access_tokens"]
    tokens.refreshed(person.caller.tenant_id, account_id, unlike=tokens.access_token(person.caller.tenant_id, account_id))


@pytest.mark.req("K13")
def test_a_seller_can_move_after_being_disconnected(sim: Simulator, person: Person) -> None:
    seller, rival = sim.seller(), sign_up()
    account_id = connect(person, sim, seller)
    assert call(gateway, "DELETE", f"/ml-accounts/{account_id}", caller=person.caller).status == 204
    connect(rival, sim, seller)


@pytest.mark.req("A021", "B002")
def test_disconnecting_gives_the_permission_back_and_forgets_the_tokens(
    sim: Simulator, person: Person, platform: Database
) -> None:
    seller = sim.seller()
    account_id = connect(person, sim, seller)
    assert call(gateway, "DELETE", f"/ml-accounts/{account_id}", caller=person.caller).status == 204
    assert not sim.token_calls(seller)["granted"]
    with psycopg.connect(platform.superuser_url) as admin:
        left = admin.execute(
            """
            select (select count(*) from app.ml_account_tokens where account_id = %(id)s)
                 + (select count(*) from directory.seller_routes where account_id = %(id)s)
                 + (select count(*) from directory.account_schedules where account_id = %(id)s)
            """,
            {"id": account_id},
        ).fetchone()
    assert left == (0,)
    assert call(gateway, "GET", f"/ml-accounts/{account_id}", caller=person.caller).json["status"] == "DISCONNECTED"
    assert connect(person, sim, seller) == account_id


@pytest.mark.req("A077", "K08")
def test_the_plan_limits_accounts(sim: Simulator, person: Person) -> None:
    connect(person, sim, sim.seller())
    url, cookie = begin(person)
    second = sim.seller()
    refused = come_back(sim.consent(url, second), cookie)
    assert (refused.status, refused.json["code"]) == (402, "account_limit_reached")
    assert [refused.json[name] for name in ("limit", "current", "plan", "upgrade")] == [1, 1, "painel.free", "/billing/plans"]
    assert not sim.token_calls(second)["granted"]


def test_connecting_the_same_seller_again_is_no_second_account(sim: Simulator, person: Person) -> None:
    seller = sim.seller()
    assert connect(person, sim, seller) == connect(person, sim, seller)


def test_a_viewer_may_look_but_not_connect(sim: Simulator, person: Person) -> None:
    viewer = replace(person.caller, role="VIEWER")
    assert call(gateway, "POST", "/ml-accounts/connect", body={}, caller=viewer).status == 403
    assert call(gateway, "GET", "/ml-accounts", caller=viewer).status == 200


def test_an_unknown_site_or_field_is_told(sim: Simulator, person: Person) -> None:
    for body in ({"site_id": "XXX"}, {"redirect_uri": "https://evil.example"}):
        assert call(gateway, "POST", "/ml-accounts/connect", body=body, caller=person.caller).status == 400


# Tokens


def test_a_rejected_token_costs_one_refresh(sim: Simulator, person: Person) -> None:
    seller = sim.seller()
    account_id = connect(person, sim, seller)
    first = tokens.access_token(person.caller.tenant_id, account_id)
    with ThreadPoolExecutor(8) as workers:
        fresh = set(workers.map(lambda _: tokens.refreshed(person.caller.tenant_id, account_id, unlike=first), range(8)))
    assert len(fresh) == 1
    assert first not in fresh
    assert sim.token_calls(seller)["refresh_token"] == 1
    assert sim.token_calls(seller)["refused"] == 0


def test_a_revoked_grant_asks_the_seller_to_reconnect(sim: Simulator, person: Person) -> None:
    seller = sim.seller()
    account_id = connect(person, sim, seller)
    sim.ask("POST", f"/_sim/sellers/{seller}/revoke", {})
    with pytest.raises(ReconnectRequired):
        tokens.refreshed(person.caller.tenant_id, account_id, unlike=tokens.access_token(person.caller.tenant_id, account_id))
    account = call(gateway, "GET", f"/ml-accounts/{account_id}", caller=person.caller).json
    assert account["status"] == "RECONNECT_REQUIRED"
    assert (account["health"]["state"], account["health"]["reason"]) == ("broken", "invalid_grant")
    assert connect(person, sim, seller) == account_id


def test_an_account_connected_again_meanwhile_is_not_given_up(
    sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refused refresh token is compared with what is held now: someone may have reconnected while we asked."""
    seller = sim.seller()
    account_id = connect(person, sim, seller)
    tenant = person.caller.tenant_id
    stale = tokens.access_token(tenant, account_id)
    real = oauth.refresh_grant

    def reconnected_first(refresh_token: str) -> oauth.Grant:
        monkeypatch.setattr(oauth, "refresh_grant", real)
        db.disconnect()  # lets the row lock go, as a lost connection would
        connect(person, sim, seller)
        return real(refresh_token)

    monkeypatch.setattr(oauth, "refresh_grant", reconnected_first)
    assert tokens.refreshed(tenant, account_id, unlike=stale) != stale
    assert call(gateway, "GET", f"/ml-accounts/{account_id}", caller=person.caller).json["status"] == "ACTIVE"


@pytest.mark.req("A101")
def test_the_schedule_refreshes_ahead_of_the_end(sim: Simulator, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:

    seller = sim.seller()
    account_id = connect(person, sim, seller)
    token_refresh({}, Context(remaining_ms=60_000))
    assert sim.token_calls(seller)["refresh_token"] == 0
    later = clock.now() + timedelta(hours=5)
    monkeypatch.setattr(tokens, "now", lambda: later)
    monkeypatch.setattr(refresh, "now", lambda: later)
    token_refresh({}, Context(remaining_ms=60_000))
    assert sim.token_calls(seller)["refresh_token"] == 1
    assert tokens.access_token(person.caller.tenant_id, account_id)
