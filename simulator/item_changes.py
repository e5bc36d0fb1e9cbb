"""Changes of an item: what `PUT /items/{id}` accepts, and what stock does to the status."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .errors import invalid_item
from .gateway import Simulator, answer, authenticate, json_body
from .items import item_document, owned_item
from .model import Item

WRITABLE = ("status", "available_quantity", "price", "title", "deleted")
SETTABLE_STATUSES = ("active", "paused", "closed")


async def put_item(sim: Simulator, request: Request) -> Response:
    """A partial body; every accepted change is announced on the topic `items`."""
    token = authenticate(sim, request)
    item = owned_item(sim, request.path_params["item_id"], token.user_id)
    changes = await json_body(request)
    warnings = _checked(item, changes)
    apply_changes(sim, item, changes)
    return answer(item_document(item) | ({"warnings": warnings} if warnings else {}))


def apply_changes(sim: Simulator, item: Item, changes: dict[str, Any]) -> None:
    """Make checked changes, then persist and announce them."""
    if "title" in changes:
        item.title = changes["title"]
    if "price" in changes:
        item.price = round(changes["price"] * 100)
    if "available_quantity" in changes:
        set_stock(item, changes["available_quantity"])
    if "status" in changes:
        item.status = changes["status"]
        item.sub_status = ["paused_by_seller"] if item.status == "paused" else []
    if "deleted" in changes:
        item.sub_status = ["deleted"]
    item_changed(sim, item)


def item_changed(sim: Simulator, item: Item) -> None:
    item.last_updated = max(sim.world.clock.now_ms(), item.last_updated + 1)
    sim.world.save_item(item)
    sim.outbox.announce(item.seller_id, "items", f"/items/{item.id}")


def set_stock(item: Item, quantity: int) -> None:
    """No stock pauses an active item and stock brings it back, unless the seller was the one who paused it."""
    item.available_quantity = quantity
    if quantity == 0 and item.status == "active":
        item.status, item.sub_status = "paused", ["out_of_stock"]
    elif quantity > 0 and item.status == "paused" and item.sub_status == ["out_of_stock"]:
        item.status, item.sub_status = "active", []


def _checked(item: Item, changes: dict[str, Any]) -> list[dict[str, str]]:
    """Refuse what Mercado Livre refuses; drop what it ignores and answer the warnings."""
    for name in changes:
        if name not in WRITABLE:
            raise invalid_item("field_not_updatable", f"{name} is not modifiable")
    if "deleted" in changes and (item.status != "closed" or str(changes["deleted"]).lower() != "true"):
        raise invalid_item("item.deleted.invalid", "only a closed item can be deleted")
    if item.status == "closed" and set(changes) - {"deleted"}:
        raise invalid_item("item.status.not_modifiable", "a closed item cannot be changed")
    if "title" in changes and (item.sold_quantity or not isinstance(changes["title"], str) or not changes["title"]):
        raise invalid_item("item.title.not_modifiable", "the title of an item with sales is locked")
    _check_stock_and_status(item, changes)
    if "price" not in changes:
        return []
    price = changes["price"]
    if isinstance(price, bool) or not isinstance(price, int | float) or price <= 0:
        raise invalid_item("item.price.invalid", "the price must be a positive number")
    if not item.price_automation:
        return []
    if len(changes) == 1:
        raise invalid_item("item.price.automated", "the price of this item is set by an automation")
    del changes["price"]
    return [{"code": "item.price.automated", "message": "price was ignored: it is set by an automation"}]


def _check_stock_and_status(item: Item, changes: dict[str, Any]) -> None:
    quantity = changes.get("available_quantity", item.available_quantity)
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 0:
        raise invalid_item("item.available_quantity.invalid", "available_quantity must be zero or more")
    if "status" not in changes:
        return
    if changes["status"] not in SETTABLE_STATUSES:
        raise invalid_item("item.status.invalid", f"status must be one of {', '.join(SETTABLE_STATUSES)}, in lower case")
    if changes["status"] == "active" and quantity == 0:
        raise invalid_item("item.available_quantity.invalid", "an item without stock cannot be activated")
