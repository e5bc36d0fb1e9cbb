"""Who may do what: hosts per country, pending documents, scopes, functional permissions, secrets, lost sessions."""

from typing import Any

import pytest

from simulator.sites import SITES

from .conftest import CLIENT_ID, REDIRECT, SECRET, Bench, bearer

pytestmark = pytest.mark.anyio


async def _app(bench: Bench, **fields: Any) -> None:
    changed = await bench.http.put("/_sim/app", json={"client_id": CLIENT_ID} | fields)
    assert changed.status_code == 200, changed.text


@pytest.mark.parametrize("site_id", SITES)
async def test_each_country_has_its_page(bench: Bench, site_id: str) -> None:
    mine, other = await bench.seller(site_id=site_id), await bench.seller(site_id="MLA" if site_id == "MLB" else "MLB")
    query = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT, "state": "s"}
    for host in SITES[site_id].auth_hosts:
        page = await bench.http.get(f"/{host}/authorization", params=query)
        assert f'lang="{SITES[site_id].language}"' in page.text
        assert f'value="{mine}"' in page.text and f'value="{other}"' not in page.text
        by_name = await bench.http.get("/authorization", params=query, headers={"host": host})
        assert f'value="{other}"' not in by_name.text
        form = query | {"decision": "allow", "seller_id": str(mine)}
        assert (await bench.http.post(f"/{host}/authorization", data=form)).status_code == 302
        assert (await bench.http.post(f"/{host}/authorization", data=form | {"seller_id": str(other)})).status_code == 400
    assert (await bench.http.get("/auth.example.com/authorization", params=query)).status_code == 404


async def test_pending_documents_close_every_door(bench: Bench) -> None:
    user_id = await bench.seller()
    code = (await bench.decide(user_id))["code"]
    pair = await bench.grant(user_id)
    await bench.control(f"sellers/{user_id}", pending_kyc=True)
    refused = await bench.http.get("/users/me", headers=bearer(pair["access_token"]))
    assert (refused.status_code, refused.json()["code"], refused.json()["error"]) == (403, "FORBIDDEN", "access_denied")
    assert (await bench.redeem(code)).json()["error"] == "invalid_grant"
    assert (await bench.refresh(pair["refresh_token"])).json()["error"] == "invalid_grant"
    form = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT, "decision": "allow"}
    page = await bench.http.post("/authorization", data=form | {"seller_id": str(user_id)})
    assert page.status_code == 400 and "documentos pendentes" in page.text
    await bench.control(f"sellers/{user_id}", pending_kyc=False)
    assert (await bench.http.get("/users/me", headers=bearer(pair["access_token"]))).status_code == 200
    await _app(bench, owner_pending_kyc=True)
    assert (await bench.http.get("/users/me", headers=bearer(pair["access_token"]))).status_code == 403


async def test_a_missing_permission_is_the_policy_agents(bench: Bench) -> None:
    user_id, headers = await bench.connect(orders=3)
    order_id, item_id = next(iter(bench.sim.world.orders)), bench.sim.world.catalogues[user_id][0]
    await _app(bench, permissions={"sales": "none", "publications": "read"})
    for path in (f"/orders/{order_id}", f"/orders/search?seller={user_id}", "/packs/1", "/shipments/1", "/collections/1"):
        refused = await bench.http.get(path, headers=headers)
        assert refused.status_code == 403 and refused.json() == {
            "blocked_by": "PolicyAgent",
            "code": "PA_UNAUTHORIZED_RESULT_FROM_POLICIES",
            "message": "At least one policy returned UNAUTHORIZED.",
            "status": 403,
        }
    assert (await bench.http.get(f"/items/{item_id}", headers=headers)).status_code == 200
    assert (await bench.http.get(f"/users/{user_id}/items/search", headers=headers)).status_code == 200
    written = await bench.http.put(f"/items/{item_id}", headers=headers, json={"available_quantity": 1})
    assert written.json()["blocked_by"] == "PolicyAgent"
    assert (await bench.http.get("/users/me", headers=headers)).status_code == 200
    for bad in ({"sales": "all"}, {"colour": "read"}):
        assert (await bench.http.put("/_sim/app", json={"client_id": CLIENT_ID, "permissions": bad})).status_code == 400


async def test_scopes_are_those_of_the_grant(bench: Bench) -> None:
    await _app(bench, scopes=["read"])
    user_id = await bench.seller()
    pair = await bench.grant(user_id)
    assert pair["scope"] == "read" and "refresh_token" not in pair
    headers, item_id = bearer(pair["access_token"]), bench.sim.world.catalogues[user_id][0]
    assert (await bench.http.get(f"/items/{item_id}", headers=headers)).status_code == 200
    refused = await bench.http.put(f"/items/{item_id}", headers=headers, json={"price": 2})
    assert (refused.status_code, refused.json()) == (403, {"status": 403, "error": "Invalid scopes", "code": "FORBIDDEN"})
    grants = (await bench.http.get(f"/applications/{CLIENT_ID}/grants", headers=headers)).json()["grants"]
    assert grants[0]["scopes"] == ["read"]
    await _app(bench, scopes=["read", "write", "offline_access"])
    again = await bench.grant(user_id)
    assert again["scope"] == "read write offline_access" and again["refresh_token"]


async def test_unknown_scopes_are_refused(bench: Bench) -> None:
    user_id = await bench.seller()
    assert (await bench.decide(user_id, scope="read admin"))["error"] == "invalid_scope"
    pair = await bench.grant(user_id)
    assert (await bench.refresh(pair["refresh_token"], scope="admin")).json()["error"] == "invalid_scope"
    await _app(bench, scopes=["read", "offline_access"])
    less = await bench.grant(user_id)
    assert (await bench.refresh(less["refresh_token"], scope="write")).json()["error"] == "unauthorized_client"
    assert (await bench.refresh(less["refresh_token"])).json()["scope"] == "read offline_access"


@pytest.mark.parametrize("cause", ["password_changed", "session_wiped"])
async def test_a_lost_session_ends_every_token(bench: Bench, cause: str) -> None:
    user_id = await bench.seller()
    pair = await bench.grant(user_id)
    assert (await bench.control(f"sellers/{user_id}", **{cause: True}))["tokens_ended_for"] == [CLIENT_ID]
    assert (await bench.http.get("/users/me", headers=bearer(pair["access_token"]))).status_code == 401
    assert (await bench.refresh(pair["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_scheduled_renewal_has_two_secrets_for_a_while(bench: Bench) -> None:
    pair = await bench.grant(await bench.seller())
    await bench.control("app/secret", client_id=CLIENT_ID, new_secret="new", in_seconds=3_600)
    by_old = (await bench.refresh(pair["refresh_token"])).json()
    by_new = await bench.refresh(by_old["refresh_token"], client_secret="new")
    assert by_new.status_code == 200
    await bench.control("clock", advance_seconds=3_601)
    latest = by_new.json()["refresh_token"]
    assert (await bench.refresh(latest, client_secret=SECRET)).json()["error"] == "invalid_client"
    assert (await bench.refresh(latest, client_secret="new")).status_code == 200
    beyond = {"client_id": CLIENT_ID, "new_secret": "x", "in_seconds": 8 * 86_400}
    assert (await bench.http.post("/_sim/app/secret", json=beyond)).status_code == 400


async def test_a_renewal_at_once_ends_the_access_tokens(bench: Bench) -> None:
    pair = await bench.grant(await bench.seller())
    await bench.control("app/secret", client_id=CLIENT_ID, new_secret="new")
    assert (await bench.http.get("/users/me", headers=bearer(pair["access_token"]))).status_code == 401
    assert (await bench.refresh(pair["refresh_token"])).json()["error"] == "invalid_client"
    assert (await bench.refresh(pair["refresh_token"], client_secret="new")).status_code == 200


async def test_the_doubts_about_authorization_are_switches(bench: Bench) -> None:
    user_id = await bench.seller()
    await bench.control("chaos", denial_error="user_denied", pkce_checked_at="consent", code_life_seconds=5)
    assert (await bench.decide(user_id, "deny"))["error"] == "user_denied"
    await _app(bench, pkce=True)
    assert (await bench.decide(user_id))["error"] == "invalid_request"
    await _app(bench, pkce=False)
    code = (await bench.decide(user_id))["code"]
    await bench.control("clock", advance_seconds=6)
    await bench.control("chaos", oauth_error_message=True, unauthorized_body="old")
    expired = (await bench.redeem(code)).json()
    assert expired["error"] == "invalid_grant" and "message" in expired and "error_description" not in expired
    assert (await bench.http.get("/users/me")).json()["message"] == "invalid_token"
    await bench.control("chaos", unauthorized_body="plain")
    assert "code" not in (await bench.http.get("/users/me")).json()


async def test_missed_feeds_may_be_the_owners_alone(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    query = {"app_id": CLIENT_ID}
    assert (await bench.http.get("/missed_feeds", headers=headers, params=query)).status_code == 200
    await bench.control("chaos", missed_feeds_owner_only=True)
    assert (await bench.http.get("/missed_feeds", headers=headers, params=query)).status_code == 403
    await _app(bench, owner_id=user_id)
    assert (await bench.http.get("/missed_feeds", headers=headers, params=query)).status_code == 200


async def test_users_in_bulk_and_test_users(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    other = await bench.seller()
    found = (await bench.http.get("/users/bulk", headers=headers, params={"ids": f"{user_id},{other},5"})).json()
    assert [one["status_code"] for one in found] == [200, 200, 404]
    assert "email" in found[0]["body"] and "email" not in found[1]["body"]
    made = [await bench.http.post("/users/test_user", headers=headers, json={"site_id": "MLA"}) for _ in range(11)]
    assert [one.status_code for one in made] == [201] * 10 + [403]
    assert set(made[0].json()) == {"id", "nickname", "password", "site_status"}
    assert (await bench.http.post("/users/test_user", headers=headers, json={"site_id": "XX"})).status_code == 400


async def test_reputation_follows_the_orders_and_can_be_set(bench: Bench) -> None:
    user_id, headers = await bench.connect(items=10, orders=200, days=60)
    mine = (await bench.http.get("/users/me", headers=headers)).json()["seller_reputation"]
    sold_by_itself = sum(one.cancelled_by == "seller" for one in bench.sim.world.orders.values())
    assert mine["metrics"]["sales"]["period"] == "60 days" and mine["level_id"] == "5_green"
    assert mine["transactions"]["canceled"] == sold_by_itself > 0
    # The newest, because the window of sixty days moves while the test runs, and the oldest may have left it.
    order = max((one for one in bench.sim.world.orders.values() if one.status == "paid"), key=lambda one: one.date_created)
    await bench.control(f"orders/{order.id}", action="cancel", by="seller")
    again = (await bench.http.get("/users/me", headers=headers)).json()["seller_reputation"]
    assert again["transactions"]["canceled"] == sold_by_itself + 1
    await bench.control(f"sellers/{user_id}", reputation={"level_id": "1_red", "real_level": "5_green"})
    shown = (await bench.http.get("/users/me", headers=headers)).json()["seller_reputation"]
    assert (shown["level_id"], shown["real_level"], shown["metrics"]) == ("1_red", "5_green", again["metrics"])


async def test_sites_currencies_and_listing_types(bench: Bench) -> None:
    _, headers = await bench.connect()
    sites = {one["id"]: one["default_currency_id"] for one in (await bench.http.get("/sites", headers=headers)).json()}
    assert (sites["MLB"], sites["MLA"], sites["MLC"], "CBT" in sites) == ("BRL", "ARS", "CLP", False)
    assert (await bench.http.get("/currencies/CLP", headers=headers)).json()["decimal_places"] == 0
    types = (await bench.http.get("/sites/MLB/listing_types", headers=headers)).json()
    assert {one["id"] for one in types} == {"free", "gold_special", "gold_pro"}
    for path in ("/currencies/XXX", "/sites/XX/listing_types"):
        assert (await bench.http.get(path, headers=headers)).status_code == 404


async def test_consumption_is_told_by_day(bench: Bench) -> None:
    _, headers = await bench.connect()
    await bench.control("clock", set="2027-03-10T15:40:00Z")
    await _app(bench, expires_in=10**8)
    headers = bearer((await bench.grant(await bench.seller()))["access_token"])
    await bench.http.get("/orders/1", headers=headers)
    path, query = f"/applications/v1/{CLIENT_ID}/consumed-applications", {"date_start": "2027-03-10", "date_end": "2027-03-10"}
    used = (await bench.http.get(path, headers=headers, params=query)).json()
    assert {"resource": "GET /orders/{order_id}", "count": 1} in used["requests_by_resource"]
    assert {"status": 404, "count": 1} in used["requests_by_status"]
    past = (await bench.http.get(path, headers=headers, params=query | {"date_end": "2027-03-09"})).json()
    assert past["total_requests"] == 0
