"""Variations, the legacy model: one item, several colours, each with its own stock and all with one price."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .errors import invalid_item, not_found
from .gateway import Simulator, answer, authenticate
from .item_document import variation_document
from .item_state import item_changed, set_stock, writing
from .items import owned_item
from .model import Item, Variation

MOST = 100


def _asked(sim: Simulator, request: Request) -> Item:
    return owned_item(sim, request.path_params["item_id"], authenticate(sim, request).user_id)


def _find(item: Item, request: Request) -> Variation:
    wanted = request.path_params["variation_id"]
    found = next((one for one in item.variations if one.id == wanted), None)
    if found is None:
        raise not_found(f"Variation {wanted} not found")
    return found


async def variations(sim: Simulator, request: Request) -> Response:
    item = _asked(sim, request)
    return answer([variation_document(item, one, all_attributes=_everything(request)) for one in item.variations])


async def variation(sim: Simulator, request: Request) -> Response:
    item = _asked(sim, request)
    return answer(variation_document(item, _find(item, request), all_attributes=_everything(request)))


def _everything(request: Request) -> bool:
    return request.query_params.get("include_attributes") == "all"


async def delete(sim: Simulator, request: Request) -> Response:
    """`DELETE /items/{id}/variations/{vid}`: the others stay; the answer is what is left."""
    item = _asked(sim, request)
    found = _find(item, request)
    async with writing(sim, item):
        item.variations = [one for one in item.variations if one is not found]
        set_stock(item, sum(one.available_quantity for one in item.variations))
        sim.world.rendered_orders.clear()
        item_changed(sim, item)
    return answer([variation_document(item, one) for one in item.variations])


def change_variations(sim: Simulator, item: Item, entries: Any) -> None:
    """Replace an item's variations: ids left out are deleted, entries without an id are new, prices must agree."""
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise invalid_item("item.variations.invalid", "variations must be a list of objects")
    if len(entries) > MOST:
        raise invalid_item("item.variations.max", f"an item has at most {MOST} variations")
    known = {one.id: one for one in item.variations}
    if any("id" in entry and entry["id"] not in known for entry in entries):
        raise invalid_item("item.variations.id.invalid", "variations name an id that the item does not have")
    fresh = [_merged(sim, item, known.get(entry.get("id", 0)), entry, index) for index, entry in enumerate(entries)]
    if len({one.price for one in fresh}) > 1:
        raise invalid_item("item.variations.price.different", "the price must be the same in all variations")
    item.variations, item.price = fresh, fresh[0].price
    set_stock(item, sum(one.available_quantity for one in fresh))


def _merged(sim: Simulator, item: Item, before: Variation | None, entry: dict[str, Any], index: int) -> Variation:
    """The variation that an entry stands for: the known one with its changes, or a new one."""
    price, quantity = entry.get("price"), entry.get("available_quantity")
    cents = item.price if price is None else round(price * 100) if isinstance(price, int | float) else 0
    stock = (before.available_quantity if before else 0) if quantity is None else quantity
    if cents <= 0 or isinstance(stock, bool) or not isinstance(stock, int) or stock < 0:
        raise invalid_item("item.variations.invalid", "price must be positive and available_quantity zero or more")
    combination = entry.get("attribute_combinations") or [{}]
    color = combination[0].get("value_name") or (before.color if before else f"Cor {index + 1}")
    sku = entry.get("seller_custom_field") or (before.sku if before else f"{item.sku}-{index + 1}")
    number = before.id if before else sim.world.next_number("variation")
    return Variation(number, str(color), cents, stock, before.sold_quantity if before else 0, str(sku))


ROUTES = (
    ("GET", "/items/{item_id}/variations", variations),
    ("GET", "/items/{item_id}/variations/{variation_id:int}", variation),
    ("DELETE", "/items/{item_id}/variations/{variation_id:int}", delete),
)
