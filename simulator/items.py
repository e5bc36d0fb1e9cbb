"""Items: a search that answers ids only, a scan for what lies past its wall, and reading one or many."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import utc_text
from .errors import bad_request, forbidden, not_found
from .gateway import Simulator, answer, authenticate, own_user, whole_number
from .model import Item

OFFSET_WALL = 1_000
SEARCH_LIMIT = 100
BULK_LIMIT = 20
STATUSES = ("pending", "not_yet_active", "programmed", "active", "paused", "closed")
CURRENCIES = {"MLB": "BRL", "MLA": "ARS", "MLM": "MXN", "MLC": "CLP", "MCO": "COP", "MLU": "UYU", "MPE": "PEN"}
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
            raise bad_request(f"offset + limit must not exceed {OFFSET_WALL}: use search_type=scan", "invalid_offset")
        page = ids[offset : offset + limit]
        body["paging"] = {"limit": limit, "offset": offset, "total": len(ids)}
    others = [{"id": name, "name": name} for name in ORDERS if name != order]
    return answer(body | {"results": page, "orders": [{"id": order, "name": order}], "available_orders": others})


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
    for name, read in (("seller_sku", "sku"), ("listing_type_id",) * 2, ("logistic_type",) * 2):
        if value := query.get(name):
            items = [item for item in items if getattr(item, read) == value]
    key, _, direction = order.rpartition("_")
    items.sort(key=lambda item: (SORT_KEYS[key](item), item.id), reverse=direction == "desc")
    return [item.id for item in items]


async def item(sim: Simulator, request: Request) -> Response:
    """`GET /items/{id}`: an item of a third party answers 403."""
    token = authenticate(sim, request)
    found = owned_item(sim, request.path_params["item_id"], token.user_id)
    fields = request.query_params.get("attributes")
    document = item_document(found)
    if fields:
        document = {name: document[name] for name in fields.split(",") if name in document}
    return answer(document)


async def bulk(sim: Simulator, request: Request) -> Response:
    """`GET /items/bulk?ids=`: one entry per id as asked; a missing id is a 404 in its place, with no body."""
    token = authenticate(sim, request)
    ids = [text for text in request.query_params.get("ids", "").split(",") if text]
    if not ids or len(ids) > BULK_LIMIT:
        raise bad_request(f"ids must name from 1 to {BULK_LIMIT} items")
    if len(set(ids)) != len(ids):
        raise bad_request("ids must not repeat")
    fields = request.query_params.get("attributes")
    entries = [_bulk_entry(sim, item_id, token.user_id) for item_id in ids]
    return answer([_project(entry, fields.split(",")) for entry in entries] if fields else entries)


def _bulk_entry(sim: Simulator, item_id: str, user_id: int) -> dict[str, Any]:
    found = sim.world.items.get(item_id)
    if found is None:
        return {"status_code": 404}
    if found.seller_id != user_id:
        return {"status_code": 403, "id": item_id}
    return {"status_code": 200, "id": item_id, "body": item_document(found)}


def _project(entry: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """Keep the envelope fields that are named and, of the body, only those named with `body.` in front."""
    kept: dict[str, Any] = {name: entry[name] for name in ("status_code", "id") if name in fields and name in entry}
    inner = [field.removeprefix("body.") for field in fields if field.startswith("body.")]
    if inner and "body" in entry:
        kept["body"] = {name: entry["body"][name] for name in inner if name in entry["body"]}
    return kept


async def legacy_multiget(sim: Simulator, request: Request) -> Response:
    """`GET /items?ids=` with its `[{code, body}]` envelope, as it was until the bulk resource replaced it."""
    token = authenticate(sim, request)
    if not sim.world.chaos.legacy_multiget:
        raise not_found("this resource was replaced by /items/bulk")
    ids = list(dict.fromkeys(text for text in request.query_params.get("ids", "").split(",") if text))
    if not ids or len(ids) > BULK_LIMIT:
        raise bad_request(f"ids must name from 1 to {BULK_LIMIT} items")
    fields = request.query_params.get("attributes")
    entries = []
    for item_id in ids:
        found = sim.world.items.get(item_id)
        if found is None or found.seller_id != token.user_id:
            status = 404 if found is None else 403
            entries.append({"code": status, "body": {"error": "not_found" if found is None else "forbidden"}})
            continue
        body = item_document(found)
        entries.append({"code": 200, "body": {n: body[n] for n in fields.split(",") if n in body} if fields else body})
    return answer(entries)


def owned_item(sim: Simulator, item_id: str, user_id: int) -> Item:
    found = sim.world.items.get(item_id)
    if found is None:
        raise not_found(f"Item with id {item_id} not found")
    if found.seller_id != user_id:
        raise forbidden("the caller is not the owner of the item")
    return found


def item_document(item: Item) -> dict[str, Any]:
    price, original = item.price / 100, item.original_price / 100 if item.original_price is not None else None
    picture = f"https://http2.mlstatic.com/D_{item.user_product_id}-O.jpg"
    return {
        "id": item.id,
        "site_id": item.site_id,
        "title": item.title,
        "seller_id": item.seller_id,
        "category_id": item.category_id,
        "official_store_id": None,
        "price": price,
        "base_price": price,
        "original_price": original,
        "currency_id": CURRENCIES.get(item.site_id, "BRL"),
        "initial_quantity": item.initial_quantity,
        "available_quantity": item.available_quantity,
        "sold_quantity": item.sold_quantity,
        "sale_terms": [],
        "buying_mode": "buy_it_now",
        "listing_type_id": item.listing_type_id,
        "condition": "new",
        "permalink": f"https://produto.mercadolivre.com.br/{item.id[:3]}-{item.id[3:]}",
        "thumbnail": picture,
        "pictures": [{"id": item.user_product_id, "url": picture}],
        "shipping": {
            "mode": "me2",
            "logistic_type": item.logistic_type,
            "free_shipping": item.free_shipping,
            "local_pick_up": False,
            "store_pick_up": False,
            "methods": [],
            "dimensions": None,
            "tags": ["mandatory_free_shipping"] if item.free_shipping else [],
        },
        "attributes": [{"id": "SELLER_SKU", "value_id": None, "value_name": item.sku}],
        "variations": [],
        "status": item.status,
        "sub_status": item.sub_status,
        "tags": ["good_quality_picture", "immediate_payment"],
        "catalog_product_id": None,
        "catalog_listing": False,
        "item_relations": [],
        "domain_id": f"{item.site_id}-{item.category_id}",
        "family_id": None,
        "family_name": None,
        "user_product_id": item.user_product_id,
        "inventory_id": None,
        "parent_item_id": None,
        "seller_custom_field": item.sku,
        "health": 0.85,
        "date_created": utc_text(item.date_created),
        "last_updated": utc_text(item.last_updated),
        "start_time": utc_text(item.date_created),
        "stop_time": utc_text(item.stop_time),
    }
