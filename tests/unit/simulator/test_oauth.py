"""OAuth by Mercado Livre's documentation of authorization: consent, exchange, rotation, revocation."""

import asyncio
import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import OAuthError
from simulator.model import Application
from simulator.oauth import exchange, issue
from simulator.seed import create_seller
from simulator.state import World

from .conftest import CLIENT_ID, REDIRECT, SECRET, Bench, bearer

pytestmark = pytest.mark.anyio
QUERY = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT, "state": 'a"<b'}


async def test_the_page_offers_the_sellers_and_echoes_the_request(bench: Bench) -> None:
    user_id = await bench.seller(nickname="LOJA&CIA")
    page = await bench.http.get("/authorization", params=QUERY)
    assert page.status_code == 200
    assert '<html lang="pt-BR">' in page.text
    assert f'<option value="{user_id}">LOJA&amp;CIA' in page.text
    assert 'name="state" value="a&quot;&lt;b"' in page.text
    assert 'name="decision" value="allow"' in page.text and 'name="decision" value="deny"' in page.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": REDIRECT + "/"},
        {"redirect_uri": REDIRECT + "?tenant=1"},
        {"client_id": "1"},
        {"response_type": "token"},
        {"code_challenge_method": "S512"},
    ],
)
async def test_a_wrong_request_never_redirects(bench: Bench, wrong: dict[str, str]) -> None:
    assert (await bench.http.get("/authorization", params=QUERY | wrong)).status_code == 400
    posted = await bench.http.post("/authorization", data=QUERY | {"decision": "allow"} | wrong)
    assert posted.status_code == 400 and "location" not in posted.headers


async def test_denial_and_operators_come_back_with_an_error_and_the_state(bench: Bench) -> None:
    user_id = await bench.seller()
    operator = await bench.seller(operator_of=user_id)
    denied = await bench.decide(user_id, "deny")
    assert (denied["error"], denied["state"], "code" in denied) == ("access_denied", "st-1", False)
    refused = await bench.decide(operator)
    assert (refused["error"], refused["state"]) == ("invalid_operator_user_id", "st-1")
    assert bench.sim.world.grants == {}


async def test_a_code_becomes_a_token_pair_once(bench: Bench) -> None:
    user_id = await bench.seller()
    back = await bench.decide(user_id)
    assert back["state"] == "st-1"
    first = await bench.redeem(back["code"])
    body = first.json()
    assert first.status_code == 200
    assert (body["token_type"], body["expires_in"], body["user_id"]) == ("bearer", 21_600, user_id)
    assert body["access_token"].endswith(str(user_id)) and body["refresh_token"].endswith(str(user_id))
    second = await bench.redeem(back["code"])
    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")
    assert set(second.json()) == {"error", "error_description", "status", "cause"}


async def test_a_code_lives_ten_minutes_and_keeps_its_redirect(bench: Bench) -> None:
    user_id = await bench.seller()
    old = (await bench.decide(user_id))["code"]
    await bench.control("clock", advance_seconds=601)
    assert (await bench.redeem(old)).json()["error"] == "invalid_grant"
    moved = (await bench.decide(user_id))["code"]
    assert (await bench.redeem(moved, redirect_uri="https://other.example")).json()["error"] == "invalid_grant"


async def test_the_token_endpoint_reads_forms_only(bench: Bench) -> None:
    form = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "client_secret": SECRET, "refresh_token": "x"}
    as_json = await bench.http.post("/oauth/token", json=form)
    in_query = await bench.http.post("/oauth/token", params=form, data={})
    twice = await bench.http.post(
        "/oauth/token",
        content="grant_type=refresh_token&grant_type=refresh_token",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert [answer.json()["error"] for answer in (as_json, in_query, twice)] == ["invalid_request"] * 3


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "TG-unknown"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "refresh_token", "client_id": "77"}, "invalid_client"),
    ],
)
async def test_token_errors(bench: Bench, form: dict[str, str], error: str) -> None:
    answer = await bench.token(**form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("method", ["S256", "plain"])
async def test_pkce_is_demanded_at_the_exchange(bench: Bench, method: str) -> None:
    await bench.register(pkce=True)
    user_id, verifier = await bench.seller(), "v" * 50
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    challenge = {"code_challenge": digest if method == "S256" else verifier, "code_challenge_method": method}
    without = (await bench.decide(user_id))["code"]
    assert (await bench.redeem(without)).json()["error"] == "invalid_request"
    wrong = (await bench.decide(user_id, **challenge))["code"]
    assert (await bench.redeem(wrong, code_verifier="w" * 50)).json()["error"] == "invalid_grant"
    right = (await bench.decide(user_id, **challenge))["code"]
    assert (await bench.redeem(right, code_verifier=verifier)).status_code == 200


async def test_refreshing_rotates_and_the_second_of_two_loses(bench: Bench) -> None:
    user_id = await bench.seller()
    pair = await bench.grant(user_id)
    await bench.control("chaos", token_latency_ms=5)
    answers = await asyncio.gather(*(bench.refresh(pair["refresh_token"]) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    lost = next(answer for answer in answers if answer.status_code == 400)
    assert lost.json()["error"] == "invalid_grant"
    account = (await bench.http.get("/_sim/tokens")).json()["accounts"][0]
    assert (account["authorization_code"], account["refresh_token"], account["refused"]) == (1, 1, 1)


async def test_the_access_token_before_lives_on_unless_switched(bench: Bench) -> None:
    user_id = await bench.seller()
    pair = await bench.grant(user_id)
    following = (await bench.refresh(pair["refresh_token"])).json()
    assert (await bench.http.get("/users/me", headers=bearer(pair["access_token"]))).status_code == 200
    await bench.control("chaos", access_dies_on_refresh=True)
    await bench.refresh(following["refresh_token"])
    assert (await bench.http.get("/users/me", headers=bearer(pair["access_token"]))).status_code == 401


async def test_lives_end_by_the_clock(bench: Bench) -> None:
    await bench.register(expires_in=60)
    user_id = await bench.seller()
    pair = await bench.grant(user_id)
    assert pair["expires_in"] == 60
    await bench.control("clock", advance_seconds=61)
    expired = await bench.http.get("/users/me", headers=bearer(pair["access_token"]))
    assert (expired.status_code, expired.json()["message"]) == (401, "invalid access token")
    following = (await bench.refresh(pair["refresh_token"])).json()
    await bench.control("clock", advance_seconds=181 * 86_400)
    assert (await bench.refresh(following["refresh_token"])).json()["error"] == "invalid_grant"


async def test_bearer_only(bench: Bench) -> None:
    user_id = await bench.seller()
    token = (await bench.grant(user_id))["access_token"]
    in_query = await bench.http.get("/users/me", params={"access_token": token})
    assert (in_query.status_code, in_query.json()["message"]) == (401, "authorization value not present")
    assert (await bench.http.get("/users/me", headers={"authorization": f"Basic {token}"})).status_code == 401
    assert (await bench.http.get("/users/me", headers=bearer("APP_USR-no"))).status_code == 401


async def test_another_client_cannot_use_a_refresh_token(bench: Bench) -> None:
    pair = await bench.grant(await bench.seller())
    await bench.register(client_id="55", client_secret="other")
    answer = await bench.refresh(pair["refresh_token"], client_id="55", client_secret="other")
    assert answer.json()["error"] == "invalid_grant"
    assert (await bench.refresh(pair["refresh_token"])).status_code == 200


async def test_grants_are_listed_and_revoked(bench: Bench) -> None:
    user_id = await bench.seller()
    pair = await bench.grant(user_id)
    headers = bearer(pair["access_token"])
    listed = (await bench.http.get(f"/applications/{CLIENT_ID}/grants", headers=headers)).json()
    assert listed["paging"]["total"] == 1 and listed["grants"][0]["user_id"] == user_id
    assert (await bench.http.get(f"/applications/{CLIENT_ID}", headers=headers)).json()["id"] == int(CLIENT_ID)
    path = f"/users/{user_id}/applications/{CLIENT_ID}"
    assert (await bench.http.get(path, headers=headers)).json()["app_id"] == int(CLIENT_ID)
    assert (await bench.http.delete(path, headers=headers)).json()["user_id"] == user_id
    assert (await bench.http.get("/users/me", headers=headers)).status_code == 401
    assert (await bench.refresh(pair["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_seller_takes_the_permission_back(bench: Bench) -> None:
    user_id = await bench.seller()
    pair = await bench.grant(user_id)
    assert (await bench.control(f"sellers/{user_id}/revoke"))["revoked"] == [CLIENT_ID]
    assert (await bench.http.get("/users/me", headers=bearer(pair["access_token"]))).status_code == 401
    assert (await bench.refresh(pair["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_blocked_application_and_a_renewed_secret(bench: Bench) -> None:
    pair = await bench.grant(await bench.seller())
    headers = bearer(pair["access_token"])
    await bench.register(blocked=True)
    assert (await bench.http.get("/users/me", headers=headers)).json()["code"] == "unauthorized_scopes"
    await bench.register(blocked=False, client_secret="renewed")
    assert (await bench.http.get("/users/me", headers=headers)).status_code == 401
    assert (await bench.refresh(pair["refresh_token"], client_secret="renewed")).status_code == 200


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=5), max_size=25))
def test_any_interleaving_of_refreshes_leaves_one_live_token(turns: list[int]) -> None:
    """Six holders, each refreshing with the newest token that it has seen itself, in any order."""
    world = World()
    app = Application(CLIENT_ID, SECRET)
    world.save_app(app)
    seller = create_seller(world)
    given_out = {str(issue(world, app, seller.id)["refresh_token"])}
    held = dict.fromkeys(range(6), next(iter(given_out)))
    form = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "client_secret": SECRET}
    for holder in turns:
        alive = held[holder] in world.refresh_tokens
        try:
            held[holder] = exchange(world, form | {"refresh_token": held[holder]})["refresh_token"]
            given_out.add(held[holder])
            assert alive
        except OAuthError as error:
            assert not alive and error.body["error"] == "invalid_grant"
    assert len(given_out & set(world.refresh_tokens)) == len(world.refresh_tokens) == 1
