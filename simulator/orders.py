"""Orders and packs: searching by hours, reading one, and the limits that integrators run into."""

import random
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import DAY, offset_text, parse_hour
from .errors import ApiError, bad_request, not_found
from .gateway import Simulator, answer, authenticate, whole_number
from .ledger import DATES, FOREVER, Window
from .model import Order
from .order_document import order_document, order_tags

LIMIT = 51
OFFSET_CAP = 10_000
HORIZON = 365 * DAY
MISSING = ("buyer", "feedback", "mediations")


async def search(sim: Simulator, request: Request) -> Response:
    """`GET /orders/search`: the sort by date means `date_closed`, and date bounds lose everything below the hour."""
    token = authenticate(sim, request)
    query = request.query_params
    if not query.get("seller"):
        raise bad_request("the parameter seller is required", "invalid_query")
    if query["seller"] != str(token.user_id):
        raise ApiError(403, "caller.id.invalid", "the caller is not the seller asked about")
    limit, offset = whole_number(request, "limit", 50), whole_number(request, "offset", 0)
    if limit > LIMIT or offset > OFFSET_CAP:
        raise bad_request("the limit or the offset is above the maximum", "limit.maximum_exceeded")
    sort = query.get("sort") or "date_asc"
    if sort not in ("date_asc", "date_desc"):
        raise bad_request(f"invalid sort: {sort}", "invalid_sort")
    ids = _matching(sim, request, token.user_id)
    if sort == "date_desc":
        ids.reverse()
    page = [order_document(sim.world, sim.world.orders[order_id]) for order_id in ids[offset : offset + limit]]
    other = "date_desc" if sort == "date_asc" else "date_asc"
    body = {
        "query": query.get("q"),
        "results": page,
        "paging": {"total": len(ids), "offset": offset, "limit": limit},
        "sort": {"id": sort, "name": sort},
        "available_sorts": [{"id": other, "name": other}],
        "filters": [],
        "available_filters": [],
        "display": "complete",
    }
    return answer(body)


def _matching(sim: Simulator, request: Request, seller_id: int) -> list[int]:
    query, world = request.query_params, sim.world
    windows = {date: window for date in DATES if (window := _window(request, date)) is not None}
    start, end = windows.get("date_created", (0, FOREVER))
    windows["date_created"] = (max(start, world.clock.now_ms() - HORIZON), end)
    ids = world.ledger(seller_id).within(windows)
    if world.hidden_until:
        ids = [order_id for order_id in ids if not world.is_hidden(order_id)]
    orders = world.orders
    if status := query.get("order.status"):
        wanted = set(status.split(","))
        ids = [order_id for order_id in ids if orders[order_id].status in wanted]
    if item := query.get("item"):
        ids = [order_id for order_id in ids if orders[order_id].item_id == item]
    if tags := query.get("tags"):
        every = set(tags.split(","))
        ids = [order_id for order_id in ids if every <= set(order_tags(orders[order_id]))]
    if tags := query.get("tags.not"):
        none = set(tags.split(","))
        ids = [order_id for order_id in ids if not none & set(order_tags(orders[order_id]))]
    if text := query.get("q"):
        ids = [order_id for order_id in ids if _mentions(sim, orders[order_id], text)]
    return ids


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


async def order(sim: Simulator, request: Request) -> Response:
    """`GET /orders/{id}`: 206 and `X-Content-Missing` when parts of it could not be gathered."""
    token = authenticate(sim, request)
    text = request.path_params["order_id"]
    if not text.isdecimal():
        raise bad_request(f"{text} is not an order id", "invalid_order_id")
    found = _owned(sim, int(text), token.user_id)
    document = order_document(sim.world, found)
    if random.random() < sim.world.chaos.partial_orders:  # noqa: S311 - a fault rate, not a secret
        for name in MISSING:
            del document[name]
        return answer(document, 206, {"X-Content-Missing": ", ".join(MISSING)})
    return answer(document)


def _owned(sim: Simulator, order_id: int, user_id: int) -> Order:
    found = sim.world.orders.get(order_id)
    if found is None or sim.world.is_hidden(order_id):
        raise not_found(f"Order {order_id} not found", "order_not_found")
    if found.seller_id != user_id:
        raise ApiError(403, "not_owned_order", "the caller is not the seller of the order")
    return found


async def pack(sim: Simulator, request: Request) -> Response:
    """`GET /packs/{id}`: a cart; an order without a pack stands for its own, under the order's id."""
    token = authenticate(sim, request)
    world, pack_id = sim.world, request.path_params["pack_id"]
    order_ids = world.packs.get(pack_id)
    if order_ids is None:
        alone = world.orders.get(pack_id)
        if alone is None or alone.pack_id is not None:
            raise not_found(f"Pack {pack_id} not found", "pack_not_found")
        order_ids = [pack_id]
    orders = [_owned(sim, order_id, token.user_id) for order_id in order_ids]
    return answer(_pack_document(pack_id, orders))


def _pack_document(pack_id: int, orders: list[Order]) -> dict[str, Any]:
    cancelled = all(order.status == "cancelled" for order in orders)
    return {
        "id": pack_id,
        "status": "cancelled" if cancelled else "released",
        "status_detail": None,
        "shipment": {"id": orders[0].shipping_id},
        "orders": [{"id": order.id} for order in orders],
        "buyer": {"id": orders[0].buyer_id},
        "date_created": offset_text(min(order.date_created for order in orders)),
        "last_updated": offset_text(max(order.last_updated for order in orders)),
    }
