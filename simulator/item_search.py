"""`GET /users/{id}/items/search`: ids only, a wall at a thousand, a scan for what lies past it."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .errors import bad_request
from .gateway import Simulator, answer, own_user, whole_number
from .model import Item

READABLE = {"sku": "sku", "seller_sku": "sku", "listing_type_id": "listing_type_id", "logistic_type": "logistic_type"}
OFFSET_WALL = 1_000
SEARCH_LIMIT = 100
STATUSES = ("pending", "not_yet_active", "programmed", "active", "paused", "closed")
SORT_KEYS: dict[str, Callable[[Item], int]] = {
    "stop_time": lambda item: item.stop_time,
    "start_time": lambda item: item.date_created,
    "available_quantity": lambda item: item.available_quantity,
    "price": lambda item: item.price,
    "last_updated": lambda item: item.last_updated,
}
ORDERS = tuple(f"{key}_{direction}" for key in SORT_KEYS for direction in ("asc", "desc"))


async def search(sim: Simulator, request: Request) -> Response:
    """`GET /users/{id}/items/search`."""
    user_id = own_user(sim, request)
    query = request.query_params
    order = query.get("orders") or "stop_time_asc"
    if order not in ORDERS:
        raise bad_request(f"invalid orders: {order}", "invalid_orders")
    limit, offset = whole_number(request, "limit", 50), whole_number(request, "offset", 0)
    if limit > SEARCH_LIMIT:
        raise bad_request(f"limit must not exceed {SEARCH_LIMIT}", "invalid_limit")
    scan, scroll_id = query.get("search_type") == "scan", query.get("scroll_id")
    ids = [] if scroll_id else _matching(sim, request, user_id, order)
    body: dict[str, Any] = {"seller_id": str(user_id), "query": None}
    if scan:
        if "offset" in query:
            raise bad_request("offset does not go with search_type=scan", "invalid_offset")
        scrolls, now = sim.scrolls, sim.world.clock.now_ms()
        page, following = (
            scrolls.resume(scroll_id, user_id, now) if scroll_id else scrolls.start(user_id, ids, max(limit, 1), now)
        )
        body |= {
            "paging": {"limit": limit, "total": len(sim.world.catalogues.get(user_id, ()))},
            "scroll_id": following,
        }
    else:
        if offset + limit > OFFSET_WALL:
            message = f"offset + limit must not exceed {OFFSET_WALL}: use search_type=scan"
            raise bad_request(message, sim.world.chaos.items_wall_error)
        page = ids[offset : offset + limit]
        body["paging"] = {"limit": limit, "offset": offset, "total": len(ids)}
    others = [{"id": name, "name": name} for name in ORDERS if name != order]
    body |= {"results": page, "orders": [{"id": order, "name": order}], "available_orders": others}
    if query.get("include_filters") == "true":
        return answer(body | _filters(sim, user_id))
    # A seller this big gets its ids without the filters, which nobody had asked for, and is told that they are missing.
    huge = len(sim.world.catalogues.get(user_id, ())) > sim.world.chaos.huge_seller_items
    return answer(body, 206 if huge else 200)


def _filters(sim: Simulator, user_id: int) -> dict[str, Any]:
    counted = Counter(item.status for item in sim.world.seller_items(user_id))
    values = [{"id": status, "name": status, "results": count} for status, count in counted.items() if status in STATUSES]
    return {"filters": [], "available_filters": [{"id": "status", "name": "Status", "type": "text", "values": values}]}


async def restrictions(sim: Simulator, request: Request) -> Response:
    """`GET /users/{id}/items/search/restrictions`: what a seller's size takes away from the search."""
    user_id = own_user(sim, request)
    free = len(sim.world.catalogues.get(user_id, ())) <= sim.world.chaos.huge_seller_items
    return answer({"aggregations_allowed": free, "query_allowed": free, "sort_allowed": free})


def _matching(sim: Simulator, request: Request, user_id: int, order: str) -> list[str]:
    query = request.query_params
    items = sim.world.seller_items(user_id)
    if status := query.get("status"):
        wanted = set(status.split(","))
        if not wanted <= set(STATUSES):
            raise bad_request(f"invalid status: {status}", "invalid_status")
        items = [item for item in items if item.status in wanted]
    if sub_status := query.get("sub_status"):
        items = [item for item in items if sub_status in item.sub_status]
    for name, read in READABLE.items():
        if value := query.get(name):
            items = [item for item in items if getattr(item, read) == value]
    if products := query.get("user_product_id"):
        among = set(products.split(","))
        items = [item for item in items if item.user_product_id in among]
    if query.get("missing_product_identifiers") in ("true", "false"):
        missing = query["missing_product_identifiers"] == "true"
        items = [item for item in items if all(one.get("id") != "GTIN" for one in item.attributes) == missing]
    if labels := query.get("labels"):
        items = [item for item in items if labels in item.tags]
    if gauge := query.get("reputation_health_gauge"):
        # Every item of the simulator has the same health, which is a good one.
        items = items if gauge == "healthy" else []
    key, _, direction = order.rpartition("_")
    items.sort(key=lambda item: (SORT_KEYS[key](item), item.id), reverse=direction == "desc")
    return [item.id for item in items]


ROUTES = (
    ("GET", "/users/{user_id:int}/items/search", search),
    ("GET", "/users/{user_id:int}/items/search/restrictions", restrictions),
)
