"""New items: publishing one, and publishing a closed one again."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import DAY
from .errors import ApiError, invalid_item
from .fees import FREE_SHIPPING_FROM, PERCENTAGES
from .gateway import Simulator, answer, authenticate, json_body
from .item_document import item_document
from .item_state import item_changed
from .items import owned_item
from .model import Item, Seller
from .shipment_timeline import MODES, PLANS
from .sites import currency_of
from .variations import change_variations
from .variety import FAMILY_TAG

LIFE = 20 * 365 * DAY


async def create(sim: Simulator, request: Request) -> Response:
    """`POST /items`. There is no idempotency key: the same body twice is two items."""
    token = authenticate(sim, request)
    seller, body = sim.world.sellers[token.user_id], await json_body(request)
    warnings = _check(sim, seller, body)
    item = _item(sim, seller, body)
    sim.world.add_items([item])
    if body.get("variations"):
        change_variations(sim, item, body["variations"])
    item_changed(sim, item)
    return answer(item_document(item, sim.world) | ({"warnings": warnings} if warnings else {}), 201)


def _check(sim: Simulator, seller: Seller, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Refuse an incomplete body; the warnings of one that is merely poor."""
    family = FAMILY_TAG in seller.tags
    if family and body.get("variations"):
        raise invalid_item("item.variations.not_allowed", "a seller of user products publishes each variant as an item")
    if family and "title" in body:
        raise invalid_item("item.title.not_allowed", "the title is made from family_name")
    required = "family_name" if family else "title"
    for name in (required, "category_id", "listing_type_id"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise invalid_item(f"item.{name}.required", f"{name} is required")
    price, quantity = body.get("price"), body.get("available_quantity", 0 if body.get("variations") else None)
    if isinstance(price, bool) or not isinstance(price, int | float) or price <= 0:
        raise invalid_item("item.price.invalid", "the price must be a positive number")
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 0:
        raise invalid_item("item.available_quantity.invalid", "available_quantity must be zero or more")
    if body["listing_type_id"] not in PERCENTAGES:
        raise invalid_item("item.listing_type_id.invalid", f"listing_type_id must be one of {', '.join(PERCENTAGES)}")
    if body.get("currency_id", currency_of(seller.site_id)) != currency_of(seller.site_id):
        raise invalid_item("item.currency_id.invalid", f"the currency of {seller.site_id} is {currency_of(seller.site_id)}")
    if (body.get("shipping") or {}).get("logistic_type", "xd_drop_off") not in PLANS:
        raise invalid_item("item.shipping.logistic_type.invalid", "unknown logistic_type")
    if body.get("pictures"):
        return []
    warning = {
        "department": "items",
        "cause_id": 173,
        "type": "warning",
        "code": "item.pictures.missing",
        "references": ["item.pictures"],
        "message": "the item has no pictures",
    }
    if sim.world.chaos.warnings_block:
        raise ApiError(400, "validation_error", "Validation error", cause=[warning])
    return [warning]


def _item(sim: Simulator, seller: Seller, body: dict[str, Any]) -> Item:
    world = sim.world
    now, number = world.clock.now_ms(), world.next_number("item")
    shipping, price = body.get("shipping") or {}, round(body["price"] * 100)
    kind = shipping.get("logistic_type", "xd_drop_off")
    item = Item(
        id=f"{seller.site_id}{number}",
        seller_id=seller.id,
        site_id=seller.site_id,
        title=body.get("title", ""),
        category_id=body["category_id"],
        price=price,
        original_price=None,
        initial_quantity=body.get("available_quantity", 0),
        available_quantity=body.get("available_quantity", 0),
        sold_quantity=0,
        listing_type_id=body["listing_type_id"],
        status="active" if body.get("available_quantity") else "paused",
        sku=str(body.get("seller_custom_field") or f"SKU-{number}"),
        user_product_id=body.get("user_product_id") or f"{seller.site_id}U{world.next_number('user_product')}",
        free_shipping=bool(shipping.get("free_shipping", price >= FREE_SHIPPING_FROM)),
        logistic_type=kind,
        date_created=now,
        last_updated=now,
        stop_time=now + LIFE,
        sub_status=[] if body.get("available_quantity") else ["out_of_stock"],
        mode=MODES.get(kind, "me2"),
        attributes=[one for one in body.get("attributes", []) if isinstance(one, dict) and one.get("id") != "SELLER_SKU"],
    )
    if FAMILY_TAG in seller.tags:
        _join_family(sim, item, body["family_name"])
    return item


def _join_family(sim: Simulator, item: Item, name: str) -> None:
    """Items of one family name share a `family_id`; the title is the name and the variant's own attributes."""
    mates = [one for one in sim.world.seller_items(item.seller_id) if one.family_name == name]
    item.family_name = name
    item.family_id = mates[0].family_id if mates else sim.world.next_number("family")
    item.title = " ".join([name, *(str(one["value_name"]) for one in item.attributes if one.get("value_name"))])
    topic = sim.world.chaos.families_topic
    sim.outbox.announce(item.seller_id, topic, f"/sites/{item.site_id}/user-products-families/{item.family_id}")


async def relist(sim: Simulator, request: Request) -> Response:
    """`POST /items/{id}/relist`: a new item out of a closed one, once per parent."""
    token = authenticate(sim, request)
    parent, body = owned_item(sim, request.path_params["item_id"], token.user_id), await json_body(request)
    if parent.status != "closed" or "deleted" in parent.sub_status:
        raise invalid_item("item.status.invalid", "only a closed item that was not deleted can be relisted")
    if parent.relisted:
        raise invalid_item("item.relist.not_allowed", "the item was relisted before")
    fields = {
        "title": parent.title,
        "category_id": parent.category_id,
        "price": body.get("price", parent.price / 100),
        "available_quantity": body.get("quantity", parent.initial_quantity),
        "listing_type_id": body.get("listing_type_id", parent.listing_type_id),
        "family_name": parent.family_name or parent.title,
        "pictures": [{}],
        "seller_custom_field": parent.sku,
        "attributes": parent.attributes,
        "shipping": {"logistic_type": parent.logistic_type},
    }
    seller = sim.world.sellers[token.user_id]
    del fields["title" if FAMILY_TAG in seller.tags else "family_name"]
    _check(sim, seller, fields)
    child = _item(sim, seller, fields)
    child.parent_item_id, parent.relisted = parent.id, True
    sim.world.add_items([child])
    sim.world.save_item(parent)
    item_changed(sim, child)
    return answer(item_document(child, sim.world), 201)


ROUTES = (("POST", "/items", create), ("POST", "/items/{item_id}/relist", relist))
