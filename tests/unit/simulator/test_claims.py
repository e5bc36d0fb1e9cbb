"""Claims and returns: filters that need each other, stages, what each action does, and what is announced."""

from typing import Any

import pytest

from simulator.clock import MINUTE, offset_text

from .conftest import Bench

pytestmark = pytest.mark.anyio

ROOT = "/post-purchase/v1/claims"


class Case:
    """One claim on one order, and the calls about it."""

    def __init__(self, bench: Bench, user_id: int, headers: dict[str, str], order_id: int, claim_id: int) -> None:
        self.bench, self.user_id, self.headers = bench, user_id, headers
        self.order_id, self.claim_id = order_id, claim_id

    async def read(self, path: str = "", root: str = ROOT) -> Any:
        response = await self.bench.http.get(f"{root}/{self.claim_id}{path}", headers=self.headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def do(self, path: str, **body: Any) -> tuple[int, Any]:
        response = await self.bench.http.post(f"{ROOT}/{self.claim_id}{path}", headers=self.headers, json=body)
        return response.status_code, response.json()

    async def act(self, action: str, **body: Any) -> dict[str, Any]:
        return await self.bench.control(f"claims/{self.claim_id}", action=action, **body)

    async def order(self) -> dict[str, Any]:
        return dict((await self.bench.http.get(f"/orders/{self.order_id}", headers=self.headers)).json())


async def _case(bench: Bench, **claim: Any) -> Case:
    user_id, headers = await bench.connect()
    order_id = (await bench.control("orders", seller_id=user_id, quantity=3))["order_id"]
    made = await bench.control("claims", order_id=order_id, **claim)
    return Case(bench, user_id, headers, order_id, made["claim_id"])


async def _search(bench: Bench, headers: dict[str, str], **query: Any) -> tuple[int, dict[str, Any]]:
    params = {name.replace("__", "."): str(value) for name, value in query.items()}
    response = await bench.http.get(f"{ROOT}/search", headers=headers, params=params)
    return response.status_code, response.json()


async def test_the_document_has_its_whole_shape(bench: Bench) -> None:
    case = await _case(bench, reason_id="PDD9939", quantity=2)
    claim = await case.read()
    assert set(claim) >= {
        *("id", "resource", "resource_id", "status", "type", "stage", "reason_id", "fulfilled", "quantity_type"),
        *("claimed_quantity", "players", "resolution", "related_entities", "date_created", "last_updated"),
    }
    assert (claim["resource"], claim["resource_id"], claim["status"]) == ("order", case.order_id, "opened")
    assert (claim["type"], claim["stage"], claim["reason_id"]) == ("mediations", "claim", "PDD9939")
    assert (claim["quantity_type"], claim["claimed_quantity"], claim["related_entities"]) == ("partial", 2, [])
    assert claim["id"] > 1 << 32
    respondent = next(player for player in claim["players"] if player["role"] == "respondent")
    assert (respondent["type"], respondent["user_id"]) == ("seller", case.user_id)
    reply = respondent["available_actions"][0]
    assert (reply["action"], reply["mandatory"]) == ("send_message_to_complainant", True) and reply["due_date"]
    detail = await case.read("/detail")
    assert (detail["action_responsible"], detail["due_date"]) == ("seller", reply["due_date"])
    assert (await case.read("/affects-reputation"))["affects_reputation"] == "not_affected"
    (message,) = await case.read("/messages")
    assert "id" not in message and len(message["hash"]) == 32


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"limit": 5, "sort": "date_created:asc"},
        {"status": "opened"},
        {"players__role": "respondent"},
        {"players__user_id": 1},
        {"resource": "order"},
        {"resource_id": 1},
        {"order_id": 1, "pack_id": 1},
        {"status": "open", "stage": "claim"},
        {"stage": "claim", "sort": "date_created"},
        {"stage": "claim", "limit": 101},
        {"stage": "claim", "offset": 10_000},
        {"range": "date_created:after:2026-01-01"},
        {"range": "date_closed:after:2026-01-01T00:00:00.000-04:00"},
        {"players__role": "mediator", "players__user_id": 1},
    ],
)
async def test_a_search_insists_on_its_filters(bench: Bench, query: dict[str, Any]) -> None:
    _, headers = await bench.connect()
    status, told = await _search(bench, headers, **query)
    assert (status, told["error"]) == (400, "invalid_query")


async def test_search_finds_by_every_filter(bench: Bench) -> None:
    user_id, headers = await bench.connect(items=5, orders=80, claims=20)
    claims = list(bench.sim.world.desk.claims.values())
    mine: dict[str, Any] = {"players__role": "respondent", "players__user_id": user_id}
    _, found = await _search(bench, headers, **mine, sort="last_updated:desc", limit=100)
    assert found["paging"] == {"total": 20, "offset": 0, "limit": 100}
    stamps = [one["last_updated"] for one in found["data"]]
    assert stamps == sorted(stamps, reverse=True)
    for status in ("opened", "closed"):
        expected = sum(claim.status == status for claim in claims)
        assert (await _search(bench, headers, **mine, status=status))[1]["paging"]["total"] == expected > 0
    one = claims[3]
    for query in ({"order_id": one.order_id}, {"resource": "order", "resource_id": one.order_id}, {"id": one.id}):
        assert [claim["id"] for claim in (await _search(bench, headers, **query))[1]["data"]] == [one.id]
    moments = sorted(claim.date_created for claim in claims)
    window = f"date_created:after:{offset_text(moments[5])},before:{offset_text(moments[9])}"
    assert (await _search(bench, headers, range=window))[1]["paging"]["total"] == 5
    assert (await _search(bench, headers, **mine | {"players__role": "complainant"}))[1]["paging"]["total"] == 0
    page = (await _search(bench, headers, **mine))[1]
    assert (page["paging"]["limit"], len(page["data"])) == (30, 20)
    await bench.control("chaos", claims_by_status_alone=True)
    assert (await _search(bench, headers, status="opened"))[0] == 200


async def test_a_stranger_sees_nothing(bench: Bench) -> None:
    case = await _case(bench)
    _, headers = await bench.connect()
    assert (await bench.http.get(f"{ROOT}/{case.claim_id}", headers=headers)).status_code == 403
    assert (await _search(bench, headers, order_id=case.order_id))[1]["data"] == []
    assert (await bench.http.get(f"{ROOT}/1", headers=headers)).status_code == 404
    assert (await bench.http.get(f"{ROOT}/x", headers=headers)).status_code == 400


async def test_a_reply_passes_the_turn_to_the_buyer(bench: Bench) -> None:
    case = await _case(bench)
    status, _ = await case.do("/actions/send-message", receiver_role="complainant", message="Vamos resolver.")
    assert status == 201
    assert (await case.read("/detail"))["action_responsible"] == "buyer"
    assert [one["sender_role"] for one in await case.read("/messages")] == ["complainant", "respondent"]
    await case.act("message", text="Quando?")
    assert (await case.read("/detail"))["action_responsible"] == "seller"
    assert [one["action_name"] for one in await case.read("/actions-history")] == [
        *("open_claim", "send_message_to_complainant", "send_message_to_respondent"),
    ]
    assert (await case.do("/actions/send-message", receiver_role="mediator", message="Oi"))[0] == 400
    assert (await case.do("/actions/send-message", receiver_role="complainant"))[0] == 400


async def test_a_dispute_is_a_stage_of_the_claim(bench: Bench) -> None:
    case = await _case(bench)
    status, claim = await case.do("/actions/open-dispute")
    assert (status, claim["stage"], claim["type"]) == (200, "dispute", "mediations")
    assert "mediator" in [player["role"] for player in claim["players"]]
    assert (await case.do("/actions/open-dispute"))[0] == 400
    assert (await case.do("/actions/send-message", receiver_role="complainant", message="Oi"))[0] == 400
    assert (await case.do("/actions/send-message", receiver_role="mediator", message="Oi"))[0] == 201
    assert [(one["stage"], one["change_by"]) for one in await case.read("/status-history")] == [
        ("claim", "buyer"),
        ("dispute", "respondent"),
    ]
    assert (await case.read("/affects-reputation"))["affects_reputation"] == "affected"
    await case.act("close", benefited="respondent")
    assert (await case.read("/affects-reputation"))["affects_reputation"] == "not_affected"


async def test_a_refund_ends_claim_and_sale(bench: Bench) -> None:
    case = await _case(bench)
    assert (await case.order())["tags"][-1] == "claim_opened"
    assert (await case.order())["mediations"] == [{"id": case.claim_id}]
    status, expected = await case.do("/expected-resolutions/refund")
    assert (status, expected["expected_resolution"], expected["status"]) == (200, "refund", "accepted")
    claim = await case.read()
    assert (claim["status"], claim["resolution"]["reason"], claim["resolution"]["benefited"]) == (
        "closed",
        "payment_refunded",
        ["complainant"],
    )
    order = await case.order()
    assert (order["status"], order["cancel_detail"]["group"], order["tags"][-1]) == (
        "cancelled",
        "mediations",
        "claim_closed",
    )
    assert (await case.do("/expected-resolutions/refund"))[0] == 400


async def test_a_partial_refund_waits_for_the_buyer(bench: Bench) -> None:
    case = await _case(bench)
    for wrong in (0, 100, "50", None):
        assert (await case.do("/expected-resolutions/partial-refund", percentage=wrong))[0] == 400
    await case.do("/expected-resolutions/partial-refund", percentage=20)
    await case.act("reject")
    await case.do("/expected-resolutions/partial-refund", percentage=50)
    assert (await case.read())["status"] == "opened"
    await case.act("accept")
    assert [one["status"] for one in await case.read("/expected-resolutions")] == ["rejected", "accepted"]
    order = await case.order()
    assert (await case.read())["status"] == "closed" and order["status"] == "partially_refunded"
    refunded = order["payments"][0]["transaction_amount_refunded"]
    assert refunded == pytest.approx(order["total_amount"] / 2, abs=0.01)


async def test_a_return_goes_its_way_with_quantities_as_strings(bench: Bench) -> None:
    case = await _case(bench, quantity=1)
    missing = await bench.http.get(f"/post-purchase/v2/claims/{case.claim_id}/returns", headers=case.headers)
    assert missing.status_code == 404
    await case.do("/expected-resolutions/allow-return")
    assert (await case.do("/expected-resolutions/allow-return"))[0] == 400
    assert (await case.read())["related_entities"] == ["return"]
    found = await case.read("/returns", root="/post-purchase/v2/claims")
    (line,) = found["orders"]
    assert set(line) == {
        *("order_id", "item_id", "variation_id", "context_type", "total_quantity", "return_quantity"),
    }
    assert (line["total_quantity"], line["return_quantity"], line["context_type"]) == ("3.0", "1.0", "partial")
    early = await bench.http.post(f"/_sim/claims/{case.claim_id}", json={"action": "return_delivered"})
    assert early.status_code == 409
    steps = ("return_label", "return_shipped", "return_delivered", "return_closed")
    states = [(await case.act(step))["return"] for step in steps]
    assert [one["status"] for one in states] == ["label_generated", "shipped", "delivered", "closed"]
    assert [one["status_money"] for one in states] == ["retained", "retained", "retained", "refunded"]
    assert states[-1]["date_closed"] is not None and states[1]["shipments"][0]["status"] == "shipped"
    truth = (await bench.http.get(f"/_sim/sellers/{case.user_id}/truth?ids=1")).json()["returns"]
    assert truth["by_status"] == {"closed": 1}


async def test_samples_also_print_returns(bench: Bench) -> None:
    case = await _case(bench, type="return")
    assert (await case.read())["type"] == "return"
    await bench.control("chaos", claim_type_returns=True)
    assert (await case.read())["type"] == "returns"


async def test_notifications_are_typified(bench: Bench) -> None:
    await bench.register(topics=["post_purchase", "claims"])
    case = await _case(bench)
    await case.do("/actions/send-message", receiver_role="complainant", message="Oi")
    await bench.until(lambda: len(bench.receiver.bodies) == 2)
    assert {(body["resource"], body["topic"]) for body in bench.receiver.bodies} == {
        (f"{ROOT}/{case.claim_id}", "post_purchase"),
    }
    assert sorted(body["actions"] for body in bench.receiver.bodies) == [["claims"], ["claims_actions"]]
    await bench.control("chaos", claims_topic="claims")
    await case.act("touch")
    await bench.until(lambda: len(bench.receiver.bodies) == 3)
    last = bench.receiver.bodies[-1]
    assert (last["topic"], last["resource"], "actions" in last) == ("claims", f"/v1/claims/{case.claim_id}", False)


async def test_a_claim_also_announces_its_order(bench: Bench) -> None:
    case = await _case(bench)
    await bench.until(lambda: sum(body["topic"] == "orders_v2" for body in bench.receiver.bodies) == 2)
    before = bench.sim.world.orders[case.order_id].date_last_updated
    await bench.control("clock", advance_seconds=MINUTE // 1_000)
    await case.act("close", benefited="respondent")
    assert bench.sim.world.orders[case.order_id].date_last_updated > before
    again = await bench.control("claims", order_id=case.order_id)
    assert again["claim_id"] > case.claim_id
    twice = await bench.http.post("/_sim/claims", json={"order_id": case.order_id})
    assert twice.status_code == 409
