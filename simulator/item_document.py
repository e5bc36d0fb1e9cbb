"""The item as its resource prints it: to its seller, or to anybody."""

import json
from bisect import bisect_right
from typing import Any

from .clock import utc_text
from .model import Item, Variation
from .sites import currency_of
from .state import World

# What a public read shows instead of the real quantity: the highest of these that the stock reaches.
BUCKETS = (1, 50, 100, 150, 200, 250, 500, 5_000, 50_000)

RENDERED_KEPT = 20_000


def bucketed(quantity: int) -> int:
    """A quantity as the public sees it; nothing stays nothing."""
    return BUCKETS[bisect_right(BUCKETS, quantity) - 1] if quantity else 0


def kept_document(world: World, item: Item) -> tuple[dict[str, Any], bytes]:
    """The seller's document, to read only, and its JSON: kept until the item or a switch changes."""
    known = world.rendered_items.get(item.id)
    if known is None:
        if len(world.rendered_items) >= RENDERED_KEPT:
            world.rendered_items.clear()
        document = item_document(item, world)
        known = document, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        world.rendered_items[item.id] = known
    return known


def public_document(item: Item) -> dict[str, Any]:
    """What another account may read: bucketed quantities, nothing of the seller's own notes."""
    document = item_document(item)
    document["available_quantity"] = bucketed(item.available_quantity)
    for variation in document["variations"]:
        variation["available_quantity"] = bucketed(variation["available_quantity"])
        variation["seller_custom_field"] = None
    document["seller_custom_field"] = document["inventory_id"] = None
    document["attributes"] = [one for one in document["attributes"] if one["id"] != "SELLER_SKU"]
    return document


def item_document(item: Item, world: World | None = None, *, all_attributes: bool = False) -> dict[str, Any]:
    price, original = item.price / 100, item.original_price / 100 if item.original_price is not None else None
    picture = f"https://http2.mlstatic.com/D_{item.user_product_id}-O.jpg"
    hidden = world is not None and world.chaos.bucket_own_quantities
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
        "currency_id": currency_of(item.site_id),
        "initial_quantity": item.initial_quantity,
        "available_quantity": bucketed(item.available_quantity) if hidden else item.available_quantity,
        "sold_quantity": item.sold_quantity,
        "sale_terms": [],
        "buying_mode": "buy_it_now",
        "listing_type_id": item.listing_type_id,
        "condition": "new",
        "permalink": f"https://produto.mercadolivre.com.br/{item.id[:3]}-{item.id[3:]}",
        "thumbnail": picture,
        "pictures": [{"id": item.user_product_id, "url": picture}],
        "shipping": {
            "mode": item.mode,
            "logistic_type": item.logistic_type,
            "free_shipping": item.free_shipping,
            "local_pick_up": False,
            "store_pick_up": False,
            "methods": [],
            "dimensions": None,
            "tags": ["mandatory_free_shipping"] if item.free_shipping else [],
        },
        "attributes": [{"id": "SELLER_SKU", "value_id": None, "value_name": item.sku}, *item.attributes],
        "variations": [variation_document(item, one, all_attributes=all_attributes) for one in item.variations],
        "status": item.status,
        "sub_status": item.sub_status,
        "tags": ["good_quality_picture", "immediate_payment", *item.tags],
        "catalog_product_id": None,
        "catalog_listing": False,
        "item_relations": [],
        "domain_id": f"{item.site_id}-{item.category_id}",
        "family_id": item.family_id,
        "family_name": item.family_name,
        "user_product_id": item.user_product_id,
        "inventory_id": None if item.variations else item.inventory_id,
        "parent_item_id": item.parent_item_id,
        "seller_custom_field": item.sku,
        "health": 0.85,
        "date_created": utc_text(item.date_created),
        "last_updated": utc_text(item.last_updated),
        "start_time": utc_text(item.date_created),
        "stop_time": utc_text(item.stop_time),
    }


def variation_document(item: Item, variation: Variation, *, all_attributes: bool = False) -> dict[str, Any]:
    """A variation; its own attributes come only with `include_attributes=all`."""
    document: dict[str, Any] = {
        "id": variation.id,
        "price": variation.price / 100,
        "attribute_combinations": [{"id": "COLOR", "name": "Cor", "value_id": None, "value_name": variation.color}],
        "available_quantity": variation.available_quantity,
        "sold_quantity": variation.sold_quantity,
        "sale_terms": [],
        "picture_ids": [item.user_product_id],
        "seller_custom_field": variation.sku,
        "catalog_product_id": None,
        "inventory_id": f"VB{variation.id}" if item.logistic_type == "fulfillment" else None,
        "user_product_id": f"{item.site_id}U{variation.id}",
    }
    if all_attributes:
        document["attributes"] = [{"id": "SELLER_SKU", "value_id": None, "value_name": variation.sku}]
    return document
