"""Billing: sums that reconcile with the sales, periods that close, and the two streams."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator import billing_periods as periods
from simulator.clock import parse_moment

from .conftest import Bench

pytestmark = pytest.mark.anyio

ROOT = "/billing/integration"


class Ledger:
    """One seller's bills, read as an integrator reads them."""

    def __init__(self, bench: Bench, user_id: int, headers: dict[str, str]) -> None:
        self.bench, self.user_id, self.headers = bench, user_id, headers

    async def get(self, path: str, **query: Any) -> Any:
        response = await self.bench.http.get(ROOT + path, headers=self.headers, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    async def periods(self, group: str = "ML", stream: str = "BILL", **query: Any) -> list[dict[str, Any]]:
        found = await self.get("/monthly/periods", group=group, document_type=stream, **query)
        return list(found["results"])

    async def lines(self, key: str, group: str = "ML", stream: str = "BILL", **query: Any) -> list[dict[str, Any]]:
        """Every line of a stream, page by page with `from_id`."""
        lines: list[dict[str, Any]] = []
        from_id = 0
        while True:
            page = await self.get(
                f"/periods/key/{key}/group/{group}/details", document_type=stream, from_id=from_id, limit=100, **query
            )
            if not page["results"]:
                return lines
            lines, from_id = lines + page["results"], page["last_id"]

    async def summary(self, key: str, group: str = "ML", stream: str = "BILL") -> dict[str, Any]:
        return dict(await self.get(f"/periods/key/{key}/summary/details", group=group, document_type=stream))


async def _ledger(bench: Bench, **seller: Any) -> Ledger:
    # The middle of a month, whatever today is: sales of this month and of the months before.
    now = datetime.now(UTC)
    middle = (now.replace(day=1) + timedelta(days=32)).replace(day=15, hour=12)
    await bench.control("clock", set=middle.isoformat())
    user_id, headers = await bench.connect(**seller)
    return Ledger(bench, user_id, headers)


def _sums(lines: list[dict[str, Any]]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for line in lines:
        charge = line["charge_info"]
        sums[charge["detail_sub_type"]] = round(sums.get(charge["detail_sub_type"], 0) + charge["detail_amount"], 2)
    return sums


async def test_the_lines_add_up_to_the_summary_and_to_the_sales(bench: Bench) -> None:
    ledger = await _ledger(bench, items=10, orders=600, days=80, billing_periods=3)
    world, booked = bench.sim.world, 0
    seen: set[int] = set()
    for period in await ledger.periods():
        for group in ("ML", "MP"):
            for stream in ("BILL", "CREDIT_NOTE"):
                lines = await ledger.lines(period["key"], group, stream)
                includes = (await ledger.summary(period["key"], group, stream))["bill_includes"]
                printed = {one["type"]: one["amount"] for one in includes["charges"] + includes["bonuses"]}
                assert printed == _sums(lines)
                ids = [line["charge_info"]["detail_id"] for line in lines]
                assert ids == sorted(set(ids)) and not seen & set(ids)
                seen |= set(ids)
                for line in lines:
                    if line["charge_info"]["detail_sub_type"] == "CV":
                        order = world.orders[line["sales_info"][0]["order_id"]]
                        assert line["charge_info"]["detail_amount"] == order.sale_fee * order.quantity / 100
                        booked += 1
    first = world.books.accounts[ledger.user_id].since
    assert booked == sum((order.date_approved or 0) >= first for order in world.orders.values()) > 300
    truth = (await bench.http.get(f"/_sim/sellers/{ledger.user_id}/truth?ids=1")).json()["billing"]
    assert {int(one) for one in truth["by_id"]} == seen


async def test_a_line_has_its_whole_shape(bench: Bench) -> None:
    ledger = await _ledger(bench)
    order = (await bench.control("orders", seller_id=ledger.user_id, quantity=2, unit_price_cents=4_990))["order"]
    (period,) = await ledger.periods()
    (line,) = await ledger.lines(period["key"])
    charge = line["charge_info"]
    assert set(charge) == {
        *("detail_id", "detail_type", "detail_sub_type", "detail_amount", "transaction_detail", "creation_date_time"),
        *("legal_document_number", "legal_document_status", "debited_from_operation", "status", "charge_bonified_id"),
    }
    fee = order["payments"][0]["marketplace_fee"]
    assert (charge["detail_type"], charge["detail_sub_type"], charge["detail_amount"]) == ("CHARGE", "CV", fee)
    assert (charge["legal_document_status"], charge["debited_from_operation"]) == ("PROCESSING", "YES")
    assert datetime.fromisoformat(charge["creation_date_time"]).tzinfo is None
    (sale,) = line["sales_info"]
    assert (sale["order_id"], sale["operation_id"]) == (order["id"], order["payments"][0]["id"])
    assert sale["sale_fee"] == {"gross": fee, "net": fee, "rebate": 0, "discount": 0, "discount_reason": None}
    assert line["shipping_info"]["shipping_id"] == str(order["shipping"]["id"])
    assert line["items_info"] == [
        {"item_id": order["order_items"][0]["item"]["id"], "item_amount": 2, "item_price": 49.9, "order_id": order["id"]}
    ]
    assert set(line) == {
        *("charge_info", "discount_info", "sales_info", "shipping_info", "items_info", "document_info"),
        *("marketplace_info", "currency_info"),
    }
    by_order = await ledger.get("/group/ML/order/details", order_ids=f"{order['id']},1")
    assert [(one["order_id"], len(one["details"])) for one in by_order["results"]] == [(order["id"], 1)]


async def test_only_brazil_prints_the_sale_fee(bench: Bench) -> None:
    ledger = await _ledger(bench, site_id="MLA")
    await bench.control("orders", seller_id=ledger.user_id)
    (line,) = await ledger.lines((await ledger.periods())[0]["key"])
    assert "sale_fee" not in line["sales_info"][0] and line["currency_info"]["currency_id"] == "ARS"


async def test_a_refund_in_time_lowers_the_bill_and_a_late_one_is_a_credit_note(bench: Bench) -> None:
    ledger = await _ledger(bench)
    early, late = [(await bench.control("orders", seller_id=ledger.user_id))["order_id"] for _ in range(2)]
    (opened,) = await ledger.periods()
    assert opened["period_status"] == "OPEN"
    await bench.control(f"orders/{early}", action="cancel")
    assert set(_sums(await ledger.lines(opened["key"]))) == {"CV", "BV"}
    before = await ledger.lines(opened["key"])
    await bench.control("clock", advance_seconds=30 * 86_400)
    ledger.headers = {"authorization": f"Bearer {(await bench.grant(ledger.user_id))['access_token']}"}
    await bench.control(f"orders/{late}", action="cancel")
    current, closed = await ledger.periods()
    assert (closed["key"], closed["period_status"], current["period_status"]) == (opened["key"], "CLOSED", "OPEN")
    bill = await ledger.lines(closed["key"])
    assert [line["charge_info"]["detail_id"] for line in bill] == [line["charge_info"]["detail_id"] for line in before]
    assert bill[0]["charge_info"]["legal_document_status"] == "PROCESSED"
    (note,) = await ledger.lines(closed["key"], stream="CREDIT_NOTE")
    charge = next(line for line in bill if line["sales_info"][0]["order_id"] == late)["charge_info"]
    told = note["charge_info"]
    assert (told["detail_type"], told["detail_sub_type"], told["charge_bonified_id"]) == (
        "BONUS",
        "BV",
        charge["detail_id"],
    )
    assert told["detail_amount"] == charge["detail_amount"]
    assert told["creation_date_time"][:7] > closed["period"]["date_to"][:7]
    assert note["document_info"]["document_id"] != bill[0]["document_info"]["document_id"]
    await bench.control("chaos", billing_refund_sub_type="BCV")
    again = (await bench.control("orders", seller_id=ledger.user_id))["order_id"]
    await bench.control(f"orders/{again}", action="cancel")
    assert set(_sums(await ledger.lines(current["key"]))) == {"CV", "BCV"}


async def test_closed_periods_have_documents_with_files(bench: Bench) -> None:
    ledger = await _ledger(bench, items=5, orders=200, days=60, billing_periods=2)
    current, closed = await ledger.periods()
    assert (await ledger.get(f"/periods/key/{current['key']}/documents"))["results"] == []
    documents = (await ledger.get(f"/periods/key/{closed['key']}/documents"))["results"]
    assert {(one["group"], one["document_type"]) for one in documents} == {
        ("ML", "BILL"),
        ("ML", "CREDIT_NOTE"),
        ("MP", "BILL"),
    }
    assert documents[0]["amount"] == closed["amount"]
    file_id = documents[0]["files"][0]["file_id"]
    file = await bench.http.get(f"{ROOT}/legal_document/{file_id}", headers=ledger.headers)
    assert file.content.startswith(b"%PDF") and file.content.rstrip().endswith(b"%%EOF")
    _, theirs = await bench.connect()
    assert (await bench.http.get(f"{ROOT}/legal_document/{file_id}", headers=theirs)).status_code == 403
    assert (await bench.http.get(f"{ROOT}/legal_document/1", headers=theirs)).status_code == 404


async def test_six_periods_unless_asked_for_twelve(bench: Bench) -> None:
    ledger = await _ledger(bench, items=1, billing_periods=12)
    assert len(await ledger.periods()) == 6
    keys = [period["key"] for period in await ledger.periods(limit=12)]
    assert len(keys) == 12 and keys == sorted(keys, reverse=True) and all(key.endswith("-01") for key in keys)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/monthly/periods", {}),
        ("/monthly/periods", {"group": "ML", "document_type": "INVOICE"}),
        ("/monthly/periods", {"group": "ML", "document_type": "BILL", "limit": 13}),
        ("/periods/key/KEY/group/ML/details", {}),
        ("/periods/key/KEY/group/XX/details", {"document_type": "BILL"}),
        ("/periods/key/KEY/group/ML/details", {"document_type": "BILL", "limit": 1_001}),
        ("/periods/key/KEY/group/ML/details", {"document_type": "BILL", "offset": 10_001}),
        ("/periods/key/KEY/group/ML/details", {"document_type": "BILL", "sort_by": "NAME"}),
        ("/group/ML/order/details", {}),
    ],
)
async def test_wrong_questions_are_refused(bench: Bench, path: str, query: dict[str, Any]) -> None:
    ledger = await _ledger(bench)
    key = (await ledger.periods())[0]["key"]
    response = await bench.http.get(ROOT + path.replace("KEY", key), headers=ledger.headers, params=query)
    assert response.status_code == 400
    unknown = await bench.http.get(f"{ROOT}/periods/key/2001-01-01/summary/details", headers=ledger.headers)
    assert unknown.status_code == 404


async def test_lines_are_filtered(bench: Bench) -> None:
    ledger = await _ledger(bench, items=5, orders=150, days=14, billing_periods=1)
    key = (await ledger.periods())[0]["key"]
    lines = await ledger.lines(key)
    assert set(_sums(await ledger.lines(key, detail_sub_types="BV,CV"))) == {"BV", "CV"}
    assert {line["charge_info"]["detail_type"] for line in await ledger.lines(key, detail_type="BONUS")} == {"BONUS"}
    sale = next(line for line in lines if line["sales_info"])
    order_id, item_id = sale["sales_info"][0]["order_id"], sale["items_info"][0]["item_id"]
    assert {line["sales_info"][0]["order_id"] for line in await ledger.lines(key, order_ids=order_id)} == {order_id}
    assert {line["items_info"][0]["item_id"] for line in await ledger.lines(key, item_ids=item_id)} == {item_id}
    assert await ledger.lines(key, document_ids=sale["document_info"]["document_id"]) == lines


async def test_charges_that_no_sale_explains_and_late_bonuses(bench: Bench) -> None:
    ledger = await _ledger(bench)
    key = (await ledger.periods())[0]["key"]
    charge = {"seller_id": ledger.user_id, "sub_type": "CFLX", "amount_cents": 1_290, "section": "flex"}
    made = await bench.control("billing/charges", **charge)
    flex = await ledger.get(f"/periods/key/{key}/group/ML/flex/details", document_type="BILL")
    assert [line["charge_info"]["detail_id"] for line in flex["results"]] == [made["detail_id"]]
    assert (await ledger.get(f"/periods/key/{key}/group/ML/full/details", document_type="BILL"))["results"] == []
    assert (await ledger.summary(key))["bill_includes"]["total_amount"] == 12.9
    await bench.control("clock", advance_seconds=30 * 86_400)
    bonus = {"seller_id": ledger.user_id, "detail_id": made["detail_id"], "amount_cents": 290}
    given = await bench.control("billing/bonuses", **bonus)
    assert (given["period"], given["document_type"]) == (key, "CREDIT_NOTE")
    assert given["detail"]["charge_info"]["charge_bonified_id"] == made["detail_id"]
    greedy = await bench.http.post("/_sim/billing/bonuses", json=bonus | {"amount_cents": 1_001})
    assert greedy.status_code == 400


async def test_incomplete_answers_are_206(bench: Bench) -> None:
    ledger = await _ledger(bench)
    for _ in range(4):
        await bench.control("orders", seller_id=ledger.user_id)
    key = (await ledger.periods())[0]["key"]
    await bench.control("chaos", partial_billing=1)
    path = f"{ROOT}/periods/key/{key}/group/ML/details"
    response = await bench.http.get(path, headers=ledger.headers, params={"document_type": "BILL"})
    body = response.json()
    assert (response.status_code, body["total"], len(body["results"])) == (206, 4, 2)


async def test_too_many_calls_are_counted_by_address_and_not_by_seller(bench: Bench) -> None:
    first, second = await _ledger(bench), await _ledger(bench)
    await bench.control("chaos", billing_calls_per_minute=3)
    for ledger in (first, second, first):
        await ledger.periods()
    path = f"{ROOT}/monthly/periods"
    refused = await bench.http.get(path, headers=second.headers, params={"group": "ML", "document_type": "BILL"})
    assert (refused.status_code, refused.json()["error"], "retry-after" in refused.headers) == (
        429,
        "too_many_requests",
        False,
    )
    assert (await bench.http.get("/users/me", headers=second.headers)).status_code == 200
    await bench.control("clock", advance_seconds=61)
    await second.periods()


def test_months_are_those_of_the_printed_offset() -> None:
    moment = parse_moment("2026-12-01T03:59:59+00:00")
    assert (periods.period_of(moment), periods.period_of(moment + 1_000)) == ("2026-11-01", "2026-12-01")
    assert (periods.following("2026-12-01"), periods.before("2026-01-01", 2)) == ("2027-01-01", "2025-11-01")
    assert (periods.last_day("2028-02-01"), periods.expiration("2026-11-01")) == ("2028-02-29", "2026-12-10")
    assert periods.key_of("2026-11-01", "MLM") == "2026-12-10"
