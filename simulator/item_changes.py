"""Changes of an item: what `PUT /items/{id}` accepts, and what of it is refused, ignored or announced."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .errors import ApiError, invalid_item
from .fees import PERCENTAGES
from .gateway import Simulator, answer, authenticate, json_body
from .item_document import item_document
from .item_state import item_changed, set_stock, writing
from .items import owned_item
from .model import Item
from .user_products import WAREHOUSE_TAG, stock_sold
from .variations import change_variations

WRITABLE = (
    "status",
    "available_quantity",
    "price",
    "title",
    "deleted",
    "variations",
    "attributes",
    "pictures",
    "seller_custom_field",
    "family_name",
    "buying_mode",
)
SETTABLE_STATUSES = ("active", "paused", "closed")
REPAIRS = {"title", "attributes", "pictures"}
SHOWN_IN_ORDERS = {"title", "seller_custom_field", "variations"}
REPAIRABLE = (["warning"], ["waiting_for_patch"])


async def put_item(sim: Simulator, request: Request) -> Response:
    """A partial body; every accepted change is announced on the topic `items`."""
    token = authenticate(sim, request)
    item = owned_item(sim, request.path_params["item_id"], token.user_id)
    changes = await json_body(request)
    async with writing(sim, item):
        warnings = _checked(sim, item, changes)
        apply_changes(sim, item, changes)
    return answer(item_document(item, sim.world) | ({"warnings": warnings} if warnings else {}))


def apply_changes(sim: Simulator, item: Item, changes: dict[str, Any]) -> None:
    """Make checked changes, then persist and announce them."""
    price = item.price
    if "title" in changes:
        item.title = changes["title"]
    if "price" in changes:
        item.price = round(changes["price"] * 100)
    if "seller_custom_field" in changes:
        item.sku = str(changes["seller_custom_field"])
    if "attributes" in changes:
        item.attributes = [one for one in changes["attributes"] if one.get("id") != "SELLER_SKU"]
    if "family_name" in changes:
        _rename_family(sim, item, changes["family_name"])
    if "variations" in changes:
        change_variations(sim, item, changes["variations"])
    if "available_quantity" in changes:
        set_stock(item, changes["available_quantity"])
        stock_sold(sim, item)
    if item.status == "under_review" and REPAIRS & set(changes):
        item.status, item.sub_status = "active", []
    if "status" in changes:
        item.status = changes["status"]
        item.sub_status = ["paused_by_seller"] if item.status == "paused" else []
    if "deleted" in changes:
        item.sub_status = ["deleted"]
    if SHOWN_IN_ORDERS & set(changes):
        sim.world.rendered_orders.clear()
    item_changed(sim, item, price=item.price != price)


def _rename_family(sim: Simulator, item: Item, name: str) -> None:
    """A family has one name, from which the titles of its items are made."""
    for mate in sim.world.seller_items(item.seller_id):
        if mate.family_id == item.family_id:
            mate.title = mate.title.replace(mate.family_name or "", name, 1)
            mate.family_name = name
            sim.world.save_item(mate)
    sim.world.rendered_orders.clear()
    topic = sim.world.chaos.families_topic
    sim.outbox.announce(item.seller_id, topic, f"/sites/{item.site_id}/user-products-families/{item.family_id}")


def _checked(sim: Simulator, item: Item, changes: dict[str, Any]) -> list[dict[str, str]]:
    """Refuse what Mercado Livre refuses; drop what it ignores and answer the warnings."""
    for name in changes:
        if name not in WRITABLE:
            raise invalid_item("field_not_updatable", f"{name} is not modifiable")
    if "deleted" in changes and (item.status != "closed" or str(changes["deleted"]).lower() != "true"):
        raise invalid_item("item.deleted.invalid", "only a closed item can be deleted")
    if item.status == "closed" and set(changes) - {"deleted"}:
        raise invalid_item("item.status.not_modifiable", "a closed item cannot be changed")
    if item.status == "under_review" and (item.sub_status not in REPAIRABLE or not REPAIRS & set(changes)):
        raise invalid_item("item.status.not_modifiable", "the item is under review")
    _check_texts(item, changes)
    _check_stock_and_status(sim, item, changes)
    return _check_price(item, changes) + _ignored_stock(sim, item, changes)


def _check_texts(item: Item, changes: dict[str, Any]) -> None:
    if "title" in changes and (item.family_id or item.sold_quantity or not _is_text(changes["title"])):
        raise invalid_item("item.title.not_modifiable", "the title of an item with sales, or made from a family, is locked")
    if "buying_mode" in changes and (item.sold_quantity or changes["buying_mode"] != "buy_it_now"):
        raise invalid_item("item.buying_mode.not_modifiable", "the buying mode of an item with sales is locked")
    if "family_name" in changes and (item.family_id is None or not _is_text(changes["family_name"])):
        raise invalid_item("item.family_name.invalid", "only an item of a family has a family_name")
    attributes = changes.get("attributes", [])
    if not isinstance(attributes, list) or not all(isinstance(one, dict) and one.get("id") for one in attributes):
        raise invalid_item("item.attributes.invalid", "attributes must be a list of objects with an id")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _check_price(item: Item, changes: dict[str, Any]) -> list[dict[str, str]]:
    if "price" not in changes:
        return []
    price = changes["price"]
    if isinstance(price, bool) or not isinstance(price, int | float) or price <= 0:
        raise invalid_item("item.price.invalid", "the price must be a positive number")
    if item.variations:
        raise invalid_item("item.price.not_modifiable", "the price is set in each of the variations")
    if not item.price_automation:
        return []
    if len(changes) == 1:
        raise invalid_item("item.price.automated", "the price of this item is set by an automation")
    del changes["price"]
    return [{"code": "item.price.automated", "message": "price was ignored: it is set by an automation"}]


def _check_stock_and_status(sim: Simulator, item: Item, changes: dict[str, Any]) -> None:
    quantity = changes.get("available_quantity", item.available_quantity)
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 0:
        raise invalid_item("item.available_quantity.invalid", "available_quantity must be zero or more")
    if "available_quantity" in changes:
        if item.variations:
            raise invalid_item("item.available_quantity.not_modifiable", "stock is set in each of the variations")
        if item.logistic_type == "fulfillment" and sim.world.chaos.full_stock_locked:
            raise invalid_item("item.available_quantity.not_modifiable", "stock in Full is read only")
        if WAREHOUSE_TAG in sim.world.sellers[item.seller_id].tags and len(changes) == 1:
            raise invalid_item("item.available_quantity.not_modifiable", "stock is written by location")
    if "status" not in changes:
        return
    if changes["status"] not in SETTABLE_STATUSES:
        raise invalid_item("item.status.invalid", f"status must be one of {', '.join(SETTABLE_STATUSES)}, in lower case")
    if changes["status"] == "active" and quantity == 0:
        raise invalid_item("item.available_quantity.invalid", "an item without stock cannot be activated")


def _ignored_stock(sim: Simulator, item: Item, changes: dict[str, Any]) -> list[dict[str, str]]:
    """Beside other fields, the stock of a seller with warehouses is left out instead of refused."""
    if "available_quantity" not in changes or WAREHOUSE_TAG not in sim.world.sellers[item.seller_id].tags:
        return []
    del changes["available_quantity"]
    return [{"code": "item.available_quantity.ignored", "message": "available_quantity was ignored: stock is by location"}]


async def change_listing_type(sim: Simulator, request: Request) -> Response:
    """`POST /items/{id}/listing_type`: once in an item's life."""
    token = authenticate(sim, request)
    item = owned_item(sim, request.path_params["item_id"], token.user_id)
    wanted = (await json_body(request)).get("id")
    if wanted not in PERCENTAGES:
        raise invalid_item("item.listing_type_id.invalid", f"id must be one of {', '.join(PERCENTAGES)}")
    if item.type_changed:
        raise ApiError(400, "listing_type_change_not_allowed", "the listing type was changed before")
    async with writing(sim, item):
        item.listing_type_id, item.type_changed = wanted, True
        item_changed(sim, item)
    return answer(item_document(item, sim.world))


ROUTES = (
    ("PUT", "/items/{item_id}", put_item),
    ("POST", "/items/{item_id}/listing_type", change_listing_type),
)
