"""Listings, for notifications and syncs."""

from __future__ import annotations

from painelml.marketplace.items.models import ItemDocument
from painelml.marketplace.items.service import apply_items, fetch_item
from painelml.marketplace.kinds import Kind, pointing

RESOURCE = pointing("(?:items/)?([A-Z]{3}[0-9]{1,20})(?:/prices)?")

KIND: Kind[ItemDocument] = Kind(
    name="item",
    path="/items/{id}",
    # Price notifications come under either topic, with /prices at the end: the item is read again for them, price included.
    topics={"items": RESOURCE, "items_prices": RESOURCE},
    fetch=fetch_item,
    apply=apply_items,
)
