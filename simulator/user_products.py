"""User products: stock by location under a version, shared by every item of the product, replicated in its own time."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .errors import ApiError, bad_request, forbidden, not_found
from .gateway import Simulator, answer, authenticate, json_body
from .item_state import item_changed, set_stock
from .items import owned_item
from .model import Item
from .state import World
from .stock import Location, ProductStock

WRITABLE = ("selling_address", "seller_warehouse")
SELLING_ADDRESS_SITES = ("MLA", "MLC")
WAREHOUSE_TAG = "warehouse_management"


def product_stock(world: World, product_id: str) -> ProductStock:
    """The stock record of a product, laid out from its items the first time."""
    known = world.stocks.get(product_id)
    if known is not None:
        return known
    items = [world.items[item_id] for item_id in world.products.get(product_id, ())]
    if not items:
        raise not_found(f"User product {product_id} not found", "user_product_not_found")
    first = items[0]
    return ProductStock(product_id, first.seller_id, locations=[_location(world, first)])


def _location(world: World, item: Item) -> Location:
    if item.logistic_type == "fulfillment":
        return Location("meli_facility", item.available_quantity, network_node_id="BRSP06")
    if WAREHOUSE_TAG in world.sellers[item.seller_id].tags:
        store = str(70_000_000 + item.seller_id % 10**6)
        return Location("seller_warehouse", item.available_quantity, store, "BRP163942")
    return Location("selling_address", item.available_quantity)


def _owned(sim: Simulator, request: Request) -> ProductStock:
    token = authenticate(sim, request)
    found = product_stock(sim.world, request.path_params["product_id"])
    if found.seller_id != token.user_id:
        raise forbidden("the caller is not the owner of the user product")
    return found


async def stock(sim: Simulator, request: Request) -> Response:
    """`GET /user-products/{id}/stock`: the locations, and in `x-version` what a write must send back."""
    found = _owned(sim, request)
    return answer(_document(found), headers={"x-version": str(found.version)})


def _document(found: ProductStock) -> dict[str, Any]:
    locations = [
        {
            "type": one.type,
            "quantity": one.quantity,
            **({"store_id": one.store_id, "network_node_id": one.network_node_id} if one.store_id else {}),
        }
        for one in found.locations
    ]
    return {"id": found.id, "user_id": found.seller_id, "locations": locations}


async def put_stock(sim: Simulator, request: Request) -> Response:
    """`PUT /user-products/{id}/stock/type/{type}`: without `x-version` 400, with a stale one 409."""
    found, kind = _owned(sim, request), request.path_params["type"]
    body, version = await json_body(request), request.headers.get("x-version")
    if version is None or not version.isdecimal():
        raise bad_request("the header x-version is required", "missing_version")
    _check_type(sim, found, kind)
    quantities = _quantities(found, kind, body)
    if int(version) != found.version:
        raise ApiError(409, "version_mismatch", "the stock has another version by now: read it again")
    for location in found.locations:
        if location.type == kind:
            location.quantity = quantities[location.store_id]
    _stock_changed(sim, found)
    return answer(_document(found), headers={"x-version": str(found.version)})


def _check_type(sim: Simulator, found: ProductStock, kind: str) -> None:
    seller = sim.world.sellers[found.seller_id]
    if kind not in WRITABLE:
        raise bad_request(f"stock of type {kind} is read only", "invalid_location_type")
    if kind == "selling_address" and (WAREHOUSE_TAG in seller.tags or seller.site_id not in SELLING_ADDRESS_SITES):
        raise forbidden("selling_address cannot be written for this seller")
    if not any(location.type == kind for location in found.locations):
        raise bad_request(f"the product has no stock of type {kind}", "location_not_found")


def _quantities(found: ProductStock, kind: str, body: dict[str, Any]) -> dict[str | None, int]:
    """The wanted quantity per store: `{"quantity"}` at the selling address, `{"locations": […]}` in warehouses."""
    wanted: dict[str | None, Any] = {one.store_id: one.quantity for one in found.locations if one.type == kind}
    if kind == "selling_address":
        wanted[None] = body.get("quantity")
    else:
        lines = body.get("locations")
        for line in lines if isinstance(lines, list) else [{}]:
            store = str(line.get("store_id")) if isinstance(line, dict) else ""
            if store not in wanted:
                raise bad_request("locations must name the seller's stores", "store_not_found")
            wanted[store] = line.get("quantity")
    if any(isinstance(one, bool) or not isinstance(one, int) or one < 0 for one in wanted.values()):
        raise bad_request("quantity must be zero or more", "invalid_quantity")
    return wanted


def _stock_changed(sim: Simulator, found: ProductStock) -> None:
    found.version += 1
    sim.world.save_stock(found)
    topic = sim.world.chaos.stock_location_topic
    sim.outbox.announce(found.seller_id, topic, f"/user-products/{found.id}/stock")
    _replicate(sim, found.id, found.total, None)


def change_locations(sim: Simulator, found: ProductStock, locations: list[Location]) -> None:
    """Lay a product's stock out anew and give its items the sum."""
    found.locations = locations
    _stock_changed(sim, found)


def _replicate(sim: Simulator, product_id: str, quantity: int, origin: str | None) -> None:
    """Give the product's other items the same quantity, now or as late as the switch says."""
    others = [item_id for item_id in sim.world.products.get(product_id, ()) if item_id != origin]

    def arrive() -> None:
        for item_id in others:
            item = sim.world.items[item_id]
            if item.available_quantity != quantity and item.status != "closed":
                set_stock(item, quantity)
                item_changed(sim, item)

    if not others:
        return
    delay = sim.world.chaos.stock_replication_ms
    if delay:
        sim.agenda.at(sim.world.clock.now_ms() + delay, arrive)
    else:
        arrive()


def stock_sold(sim: Simulator, item: Item) -> None:
    """An item's stock moved: by a sale, or by a write of its quantity. The product's follows."""
    world = sim.world
    if item.user_product_id not in world.products:
        return
    found = product_stock(world, item.user_product_id)
    if found.total != item.available_quantity and found.locations:
        rest = sum(location.quantity for location in found.locations[1:])
        found.locations[0].quantity = max(item.available_quantity - rest, 0)
    found.version += 1
    world.save_stock(found)
    sim.outbox.announce(item.seller_id, world.chaos.stock_location_topic, f"/user-products/{found.id}/stock")
    _replicate(sim, item.user_product_id, item.available_quantity, item.id)


async def product(sim: Simulator, request: Request) -> Response:
    """`GET /user-products/{id}`: the product that several items may share."""
    found = _owned(sim, request)
    item = sim.world.items[sim.world.products[found.id][0]]
    body = {
        "id": found.id,
        "user_id": found.seller_id,
        "name": item.family_name or item.title,
        "family_id": item.family_id,
        "domain_id": f"{item.site_id}-{item.category_id}",
        "attributes": item.attributes,
    }
    return answer(body)


async def family(sim: Simulator, request: Request) -> Response:
    """`GET /sites/{site}/user-products-families/{family_id}`: the products of one family."""
    token, world = authenticate(sim, request), sim.world
    site_id, family_id = request.path_params["site_id"], request.path_params["family_id"]
    items = [one for one in world.seller_items(token.user_id) if one.family_id == family_id and one.site_id == site_id]
    if not items:
        raise not_found("there is no such family", "family_not_found")
    ids = list(dict.fromkeys(item.user_product_id for item in items))
    return answer({"family_id": family_id, "site_id": site_id, "user_id": token.user_id, "user_products_ids": ids})


async def full_stock(sim: Simulator, request: Request) -> Response:
    """`GET /inventories/{id}/stock/fulfillment`: what lies in Full, to be read only."""
    token, inventory_id = authenticate(sim, request), request.path_params["inventory_id"]
    item_id = f"{sim.world.sellers[token.user_id].site_id}{inventory_id.removeprefix('FB')}"
    if sim.world.items.get(item_id) is None or sim.world.items[item_id].inventory_id != inventory_id:
        raise not_found(f"Inventory {inventory_id} not found", "inventory_not_found")
    item = owned_item(sim, item_id, token.user_id)
    damaged = item.available_quantity % 3
    body = {
        "inventory_id": inventory_id,
        "total": item.available_quantity + damaged,
        "available_quantity": item.available_quantity,
        "not_available_quantity": damaged,
        "not_available_detail": [{"status": "damage", "quantity": damaged}] if damaged else [],
    }
    return answer(body)


ROUTES = (
    ("GET", "/user-products/{product_id}", product),
    ("GET", "/user-products/{product_id}/stock", stock),
    ("PUT", "/user-products/{product_id}/stock/type/{type}", put_stock),
    ("GET", "/sites/{site_id}/user-products-families/{family_id:int}", family),
    ("GET", "/inventories/{inventory_id}/stock/fulfillment", full_stock),
)
