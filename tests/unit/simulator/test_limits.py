"""Limits that count, peaks that tests assert on, and every envelope in which an error comes."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.limits import Limits, Meter

from .conftest import CLIENT_ID, REDIRECT, Bench, bearer

pytestmark = pytest.mark.anyio


async def test_a_class_of_endpoints_has_one_budget(bench: Bench) -> None:
    user_id, headers = await bench.connect(orders=2)
    order_id = next(iter(bench.sim.world.orders))
    await bench.control("limits", **{"orders read": {"requests": 3, "seconds": 60}})
    paths = [f"/orders/{order_id}", f"/orders/search?seller={user_id}", f"/orders/{order_id}", f"/orders/{order_id}"]
    answers = [await bench.http.get(path, headers=headers) for path in paths]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[-1].json() == {"message": "Too many requests", "error": "too_many_requests", "status": 429, "cause": []}
    assert "retry-after" not in answers[-1].headers
    assert (await bench.http.get("/users/me", headers=headers)).status_code == 200
    await bench.control("clock", advance_seconds=60)
    assert (await bench.http.get(paths[0], headers=headers)).status_code == 200
    told = (await bench.http.get("/_sim/limits")).json()["clients"][CLIENT_ID]["orders read"]
    assert told == {"count": 5, "refused": 1, "peak_per_second": told["peak_per_second"], "peak_per_minute": 4}


async def test_sellers_share_the_budget_and_applications_do_not(bench: Bench) -> None:
    _, first = await bench.connect()
    _, second = await bench.connect()
    await bench.http.put("/_sim/app", json={"client_id": "77", "client_secret": "s", "redirect_uris": [REDIRECT]})
    code = (await bench.decide(await bench.seller(), client_id="77"))["code"]
    pair = await bench.redeem(code, client_id="77", client_secret="s")
    await bench.control("limits", **{"*": {"requests": 2, "seconds": 60}})
    statuses = [(await bench.http.get("/users/me", headers=headers)).status_code for headers in (first, second, first)]
    assert statuses == [200, 200, 429]
    assert (await bench.http.get("/users/me", headers=bearer(pair.json()["access_token"]))).status_code == 200


async def test_the_refusal_wears_other_clothes_on_request(bench: Bench) -> None:
    pair = await bench.grant(await bench.seller())
    await bench.control(
        "limits", **{"users read": {"requests": 1, "seconds": 60}, "oauth write": {"requests": 1, "seconds": 60}}
    )
    await bench.control("chaos", limit_body="text", retry_after_seconds=7)
    await bench.http.get("/users/me", headers=bearer(pair["access_token"]))
    bare = await bench.http.get("/users/me", headers=bearer(pair["access_token"]))
    assert (bare.status_code, bare.text, bare.headers["retry-after"]) == (429, "local_rate_limited", "7")
    await bench.control("chaos", limit_body="json")
    await bench.refresh(pair["refresh_token"])
    assert (await bench.refresh("x")).json()["error"] == "local_rate_limited"


async def test_messages_have_the_published_limits(bench: Bench) -> None:
    rules = (await bench.http.get("/_sim/limits")).json()["rules"]
    assert rules == {f"messages {way}": {"requests": 500, "seconds": 60} for way in ("read", "write")}
    for bad in ({"orders read": {"requests": 0, "seconds": 1}}, {"x": 5}, {"x": {"requests": 1}}):
        assert (await bench.http.post("/_sim/limits", json=bad)).status_code == 400
    assert (await bench.control("limits", **{"messages read": None}))["rules"].keys() == {"messages write"}
    assert len((await bench.control("limits", reset=True))["rules"]) == 2


async def test_peaks_are_asserted_per_endpoint(bench: Bench) -> None:
    _, headers = await bench.connect()
    await asyncio.gather(*(bench.http.get("/users/me", headers=headers) for _ in range(5)))
    await bench.control("clock", advance_seconds=10)
    await asyncio.gather(*(bench.http.get("/users/me", headers=headers) for _ in range(3)))
    read = (await bench.http.get("/_sim/requests", params={"reset": "1"})).json()
    assert read["by_class"][CLIENT_ID]["users read"]["peak_per_second"] == 5
    endpoint = read["by_endpoint"]["GET /users/me"]
    assert (endpoint["count"], endpoint["peak_per_second"], endpoint["peak_per_minute"]) == (8, 5, 8)
    assert (await bench.http.get("/_sim/requests")).json()["total"] == 0


@given(st.lists(st.integers(min_value=0, max_value=5_000), max_size=60))
def test_a_peak_is_the_fullest_window(moments: list[int]) -> None:
    meter = Meter()
    for moment in sorted(moments):
        meter.add(moment)
    windows = [sum(end - 1_000 < one <= end for one in moments) for end in moments]
    assert (meter.count, meter.peak_second) == (len(moments), max(windows, default=0))


@given(st.lists(st.integers(min_value=0, max_value=9_000), max_size=80), st.integers(1, 5), st.integers(1, 3))
def test_no_window_admits_more_than_its_rule(moments: list[int], requests: int, seconds: int) -> None:
    limits = Limits()
    limits.set({"orders read": {"requests": requests, "seconds": seconds}})
    admitted = [moment for moment in sorted(moments) if limits.admits("a", "orders read", moment)]
    assert all(sum(end - seconds * 1_000 < one <= end for one in admitted) <= requests for end in admitted)
    assert bool(admitted) == bool(moments)


SHAPES: dict[str, tuple[int, set[str]]] = {
    "json": (500, {"message", "error", "status", "cause"}),
    "policy": (403, {"blocked_by", "code", "message", "status"}),
    "forbidden": (403, {"status", "error", "message", "code"}),
    "status_code": (409, {"status_code", "code", "message"}),
    "cause_text": (400, {"cause", "error", "message", "status_code"}),
    "cause_list": (400, {"cause", "error", "message", "status_code"}),
    "old": (401, {"message", "error", "status", "cause"}),
}


@pytest.mark.parametrize("shape", SHAPES)
async def test_every_envelope_can_be_had(bench: Bench, shape: str) -> None:
    status, keys = SHAPES[shape]
    await bench.control("chaos", error_next=1, error_status=status, error_body=shape)
    failed = await bench.http.get("/users/me")
    assert (failed.status_code, set(failed.json())) == (status, keys)


async def _fail(bench: Bench, **switches: Any) -> httpx.Response:
    await bench.control("chaos", error_next=1, **switches)
    return await bench.http.get("/users/me")


async def test_pages_redirects_and_halves(bench: Bench) -> None:
    page = await _fail(bench, error_status=403, error_body="html")
    assert page.headers["content-type"].startswith("text/html") and page.status_code == 403
    assert (await _fail(bench, error_status=302)).headers["location"].startswith("/gz/")
    half = await _fail(bench, error_status=502, error_body="truncated")
    assert half.headers["content-type"] == "application/json"
    with pytest.raises(json.JSONDecodeError):
        half.json()


async def test_only_the_next_calls_fail(bench: Bench) -> None:
    _, headers = await bench.connect()
    await bench.control("chaos", error_next=2, error_status=504, error_prefix="/users")
    assert (await bench.http.get("/sites", headers=headers)).status_code == 200
    statuses = [(await bench.http.get("/users/me", headers=headers)).status_code for _ in range(3)]
    assert statuses == [504, 504, 200]
