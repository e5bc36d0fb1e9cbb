"""Billing: periods, documents, the summary and every line, of which some are missing at times (206)."""

import random
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from . import billing_periods as periods
from .billing_documents import bill_document, bill_file, entry_document, period_document, sale_fee, summary_document
from .books import GROUPS, STREAMS, Entry
from .errors import bad_request, forbidden, not_found
from .gateway import Simulator, answer, authenticate, whole_number

PERIODS, PERIODS_LIMIT = 6, 12
PAGE, LIMIT, OFFSET_CAP = 150, 1_000, 10_000
SECTIONS = ("full", "flex", "insurtech")
ORDERS_LIMIT = 20


async def monthly_periods(sim: Simulator, request: Request) -> Response:
    """`GET /billing/integration/monthly/periods?group=&document_type=`: the newest first, six unless asked for up to twelve."""
    seller_id = _caller(sim, request)
    group, stream = _word(request, "group", GROUPS), _word(request, "document_type", STREAMS)
    limit, offset = whole_number(request, "limit", PERIODS), whole_number(request, "offset", 0)
    if not 1 <= limit <= PERIODS_LIMIT:
        raise bad_request(f"limit must be from 1 to {PERIODS_LIMIT}", "invalid_limit")
    entries, now = sim.world.books.of_seller(sim.world, seller_id), sim.world.clock.now_ms()
    site = sim.world.sellers[seller_id].site_id
    known = _periods(sim, seller_id)
    results = [
        period_document(period, site, _select(entries, period, group, stream), now) for period in known[offset : offset + limit]
    ]
    return answer({"offset": offset, "limit": limit, "total": len(known), "results": results})


async def documents(sim: Simulator, request: Request) -> Response:
    """`…/periods/key/{key}/documents`: the legal documents, which exist once the period is closed."""
    seller_id = _caller(sim, request)
    period = _period(sim, request, seller_id)
    entries, query = sim.world.books.of_seller(sim.world, seller_id), request.query_params
    groups = (_word(request, "group", GROUPS),) if query.get("group") else GROUPS
    streams = (_word(request, "document_type", STREAMS),) if query.get("document_type") else STREAMS
    bills = [_select(entries, period, group, stream) for group in groups for stream in streams]
    is_closed = periods.is_closed(period, sim.world.clock.now_ms())
    found = [bill_document(sim.world, lines) for lines in bills if lines and is_closed]
    return answer({"offset": 0, "limit": PAGE, "total": len(found), "results": found})


async def legal_document(sim: Simulator, request: Request) -> Response:
    """`/billing/integration/legal_document/{file_id}`: the file of a document."""
    seller_id, text = _caller(sim, request), request.path_params["file_id"]
    bill = sim.world.books.find_bill(int(text)) if text.isdecimal() else None
    if bill is None:
        raise not_found("the file does not exist")
    if bill[0] != seller_id:
        raise forbidden("the file belongs to another user")
    content = bill_file(f"NF{text} {bill[1]} {bill[2]} {bill[3]}")
    headers = {"content-disposition": f'attachment; filename="{text}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


async def summary(sim: Simulator, request: Request) -> Response:
    """`…/periods/key/{key}/summary/details`: sums per type, of the bill of Mercado Livre unless another is named."""
    seller_id = _caller(sim, request)
    period = _period(sim, request, seller_id)
    group, stream = _word(request, "group", GROUPS, "ML"), _word(request, "document_type", STREAMS, "BILL")
    lines = _select(sim.world.books.of_seller(sim.world, seller_id), period, group, stream)
    return answer(summary_document(period, lines, sim.world.clock.now_ms()))


async def details(sim: Simulator, request: Request) -> Response:
    """`…/periods/key/{key}/group/{ML|MP}/details?document_type=`: page with `from_id`, which is the last `last_id`."""
    seller_id = _caller(sim, request)
    group = request.path_params["group"]
    if group not in GROUPS:
        raise bad_request(f"group must be one of {', '.join(GROUPS)}", "invalid_group")
    return _lines(sim, request, seller_id, group, lambda _: True)


async def section_details(sim: Simulator, request: Request) -> Response:
    """`…/group/ML/{full|flex|insurtech}/details`: the lines of one service."""
    seller_id, section = _caller(sim, request), request.path_params["section"]
    if section not in SECTIONS:
        raise not_found("resource not found")
    return _lines(sim, request, seller_id, "ML", lambda entry: entry.section == section)


def _lines(sim: Simulator, request: Request, seller_id: int, group: str, belongs: Callable[[Entry], bool]) -> Response:
    period, stream = _period(sim, request, seller_id), _word(request, "document_type", STREAMS)
    limit, offset = whole_number(request, "limit", PAGE), whole_number(request, "offset", 0)
    from_id = whole_number(request, "from_id", 0)
    if not 1 <= limit <= LIMIT or offset > OFFSET_CAP:
        raise bad_request(f"limit must be from 1 to {LIMIT} and offset at most {OFFSET_CAP}: use from_id", "invalid_limit")
    by_date = _word(request, "sort_by", ("ID", "DATE"), "ID") == "DATE"
    descending = _word(request, "order_by", ("ASC", "DESC"), "ASC") == "DESC"
    entries = _select(sim.world.books.of_seller(sim.world, seller_id), period, group, stream)
    entries = [entry for entry in entries if belongs(entry) and _passes(sim, request, entry)]
    rest = [entry for entry in entries if entry.id > from_id]
    rest.sort(key=lambda entry: (entry.created if by_date else entry.id, entry.id), reverse=descending)
    page = rest[offset : offset + limit]
    body: dict[str, Any] = {"offset": offset, "limit": limit, "total": len(entries)}
    body["last_id"] = page[-1].id if page else from_id
    results = [entry_document(sim.world, entry) for entry in page]
    if random.random() < sim.world.chaos.partial_billing:  # noqa: S311 - a fault rate, not a secret
        # As if a part of the sources had not answered: the page claims to be whole.
        return answer(body | {"results": results[::2]}, 206)
    return answer(body | {"results": results})


def _passes(sim: Simulator, request: Request, entry: Entry) -> bool:
    query, orders = request.query_params, sim.world.orders
    order = orders[entry.order_id] if entry.order_id is not None else None
    values = {
        "detail_type": entry.detail_type,
        "detail_sub_types": entry.sub_type,
        "order_ids": str(entry.order_id),
        "item_ids": order.item_id if order else "",
        "marketplace_type": "CORE",
    }
    if query.get("document_ids"):
        values["document_ids"] = str(sim.world.books.bill_number(sim.world, entry))
    return all(value in query[name].split(",") for name, value in values.items() if query.get(name))


async def order_details(sim: Simulator, request: Request) -> Response:
    """`/billing/integration/group/ML/order/details?order_ids=`: what was charged for each of the caller's orders."""
    seller_id = _caller(sim, request)
    ids = [text for text in request.query_params.get("order_ids", "").split(",") if text]
    if not 1 <= len(ids) <= ORDERS_LIMIT or not all(text.isdecimal() for text in ids):
        raise bad_request(f"order_ids must name from 1 to {ORDERS_LIMIT} orders", "invalid_order_ids")
    by_order: dict[int, list[Entry]] = {int(text): [] for text in ids}
    for entry in sim.world.books.of_seller(sim.world, seller_id):
        if entry.group == "ML" and entry.order_id in by_order:
            by_order[entry.order_id].append(entry)
    results = []
    for order_id, entries in by_order.items():
        if entries:
            fee = sale_fee(sim.world.orders[order_id])
            results.append(
                {"order_id": order_id, "sale_fee": fee, "details": [entry_document(sim.world, one) for one in entries]}
            )
    return answer({"offset": 0, "limit": ORDERS_LIMIT, "total": len(results), "results": results})


def _caller(sim: Simulator, request: Request) -> int:
    """The seller behind the token, once the caller's address has calls left."""
    address = request.client.host if request.client else ""
    sim.addresses.admit(address, sim.world.clock.now_ms(), sim.world.chaos.billing_calls_per_minute)
    return authenticate(sim, request).user_id


def _periods(sim: Simulator, seller_id: int) -> list[str]:
    """The seller's periods, newest first."""
    account = sim.world.books.accounts[seller_id]
    return periods.since(periods.period_of(account.since), sim.world.clock.now_ms())


def _period(sim: Simulator, request: Request, seller_id: int) -> str:
    """The period that the key in the path names."""
    sim.world.books.of_seller(sim.world, seller_id)
    site, key = sim.world.sellers[seller_id].site_id, request.path_params["key"]
    period = next((one for one in _periods(sim, seller_id) if periods.key_of(one, site) == key), None)
    if period is None:
        raise not_found(f"there is no period {key}", "period_not_found")
    return period


def _select(entries: list[Entry], period: str, group: str, stream: str) -> list[Entry]:
    return [one for one in entries if (one.period, one.group, one.stream) == (period, group, stream)]


def _word(request: Request, name: str, words: tuple[str, ...], default: str | None = None) -> str:
    value = request.query_params.get(name) or default
    if value not in words:
        raise bad_request(f"{name} must be one of {', '.join(words)}", f"invalid_{name}")
    return value
