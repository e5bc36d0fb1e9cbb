"""`GET /orders/search`: dates without minutes, a sort that means `date_closed`, two walls and a scan past them."""

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import DAY, parse_hour
from .errors import ApiError, bad_request
from .gateway import Simulator, authenticate, whole_number
from .ledger import DATES, FOREVER, Window
from .model import Order
from .order_document import order_bytes, order_tags

HORIZON = 365 * DAY
SORTS = ("date_asc", "date_desc")

Test = Callable[[Order], bool]


async def search(sim: Simulator, request: Request) -> Response:
    """The orders of the token's own seller."""
    token = authenticate(sim, request)
    query, chaos = request.query_params, sim.world.chaos
    if not query.get("seller"):
        raise bad_request("the parameter seller is required", "invalid_query")
    if query["seller"] != str(token.user_id):
        raise ApiError(403, "caller.id.invalid", "the caller is not the seller asked about")
    limit, offset = whole_number(request, "limit", 50), whole_number(request, "offset", 0)
    if limit > chaos.orders_limit or offset > chaos.orders_offset_cap:
        raise bad_request("the limit or the offset is above the maximum", "limit.maximum_exceeded")
    sort = query.get("sort") or "date_asc"
    if sort not in SORTS:
        raise bad_request(f"invalid sort: {sort}", "invalid_sort")
    paging: dict[str, Any]
    if query.get("search_type") == "scan" and chaos.orders_scan:
        page, total, scroll_id = _scan(sim, request, token.user_id, sort, limit)
        paging = {"total": total, "offset": 0, "limit": limit, "scroll_id": scroll_id}
    else:
        ids = _sorted_ids(sim, request, token.user_id, sort)
        page, paging = ids[offset : offset + limit], {"total": len(ids), "offset": offset, "limit": limit}
    return Response(_envelope(sim, request, page, paging, sort), media_type="application/json")


def _scan(sim: Simulator, request: Request, user_id: int, sort: str, limit: int) -> tuple[list[int], int, str | None]:
    scroll_id, now = request.query_params.get("scroll_id"), sim.world.clock.now_ms()
    if scroll_id:
        page, following = sim.order_scrolls.resume(scroll_id, user_id, now)
        return page, len(sim.world.ledger(user_id)), following
    ids = _sorted_ids(sim, request, user_id, sort)
    page, following = sim.order_scrolls.start(user_id, ids, max(limit, 1), now)
    return page, len(ids), following


def _envelope(sim: Simulator, request: Request, page: list[int], paging: dict[str, Any], sort: str) -> bytes:
    """The answer's JSON around the orders' own, which are rendered once and kept."""
    query, other = request.query_params, SORTS[sort == "date_asc"]
    named = [name for name in query if name not in ("sort", "limit", "offset", "search_type", "scroll_id")]
    rest = {
        "paging": paging,
        "sort": {"id": sort, "name": sort},
        "available_sorts": [{"id": other, "name": other}],
        "filters": [{"id": name, "name": name, "values": [{"id": one} for one in query[name].split(",")]} for name in named],
        "available_filters": [],
        "display": "complete",
    }
    orders = b",".join(order_bytes(sim.world, sim.world.orders[order_id]) for order_id in page)
    head = json.dumps(query.get("q"), ensure_ascii=False).encode()
    return b'{"query":%s,"results":[%s],%s' % (head, orders, json.dumps(rest, separators=(",", ":")).encode()[1:])


def _sorted_ids(sim: Simulator, request: Request, seller_id: int, sort: str) -> list[int]:
    query, world = request.query_params, sim.world
    windows = {date: window for date in DATES if (window := _window(request, date)) is not None}
    if world.chaos.last_updated_filter and (window := _window(request, "last_updated")) is not None:
        windows["date_last_updated"] = window
    start, end = windows.get("date_created", (0, FOREVER))
    windows["date_created"] = (max(start, world.clock.now_ms() - HORIZON), end)
    ids = world.ledger(seller_id).within(windows)
    if world.hidden_until:
        ids = [order_id for order_id in ids if not world.is_hidden(order_id)]
    tests = _tests(sim, query)
    if tests:
        orders = world.orders
        ids = [order_id for order_id in ids if all(test(orders[order_id]) for test in tests)]
    if sort == "date_desc":
        ids.reverse()
    return ids


def _tests(sim: Simulator, query: Any) -> list[Test]:
    """One test per filter that the query names; several values are separated by commas."""
    tests: list[Test] = []
    status = query.get("order.status")
    if status:
        statuses = set(status.split(","))
        tests.append(lambda order: order.status in statuses)
    elif sim.world.chaos.hide_cancelled_orders:
        tests.append(lambda order: order.status != "cancelled")
    if item := query.get("item"):
        tests.append(lambda order: order.item_id == item)
    if buyer := query.get("buyer"):
        tests.append(lambda order: str(order.buyer_id) == buyer)
    if tags := query.get("tags"):
        every = set(tags.split(","))
        tests.append(lambda order: every <= set(order_tags(order)))
    if tags := query.get("tags.not"):
        none = set(tags.split(","))
        tests.append(lambda order: not none & set(order_tags(order)))
    if text := query.get("q"):
        tests.append(lambda order: _mentions(sim, order, text))
    return tests + _mediation_tests(sim, query) + _feedback_tests(query)


def _mediation_tests(sim: Simulator, query: Any) -> list[Test]:
    """Orders with a claim whose stage or status is among the named."""
    tests: list[Test] = []
    claims = sim.world.desk.order_claims
    if stages := query.get("mediations.stage"):
        tests.append(lambda order: any(claim.stage in stages.split(",") for claim in claims(order.id)))
    if statuses := query.get("mediations.status"):
        tests.append(lambda order: any(claim.status in statuses.split(",") for claim in claims(order.id)))
    return tests


def _feedback_tests(query: Any) -> list[Test]:
    """`feedback.status`: `pending` or `ready` for the seller's side; `feedback.sale.…` and `feedback.purchase.rating`."""
    tests: list[Test] = []
    if status := query.get("feedback.status"):
        tests.append(lambda order: ("ready" if order.feedback.get("seller") else "pending") == status)
    for name, side in (("sale", "seller"), ("purchase", "buyer")):
        if rating := query.get(f"feedback.{name}.rating"):
            tests.append(lambda order, side=side, rating=rating: order.feedback.get(side, {}).get("rating") == rating)  # type: ignore[misc]
    return tests


def _mentions(sim: Simulator, order: Order, text: str) -> bool:
    return text in (str(order.id), order.item_id) or text.lower() in sim.world.items[order.item_id].title.lower()


def _window(request: Request, date: str) -> Window | None:
    bounds: dict[str, int] = {}
    for side in ("from", "to"):
        text = request.query_params.get(f"order.{date}.{side}")
        if text:
            try:
                bounds[side] = parse_hour(text)
            except ValueError as error:
                raise bad_request(f"order.{date}.{side} is not a date with an offset", "invalid_date") from error
    return (bounds.get("from", 0), bounds.get("to", FOREVER)) if bounds else None


ROUTES = (("GET", "/orders/search", search),)
