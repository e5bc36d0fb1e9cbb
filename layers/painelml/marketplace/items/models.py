"""Listings: as clients see them, and as Mercado Livre tells of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from painelml.core.wire import Moment, Money
from painelml.marketplace.documents import Amount, Document, with_raw


class Item(BaseModel):
    """A listing. `price` is what Mercado Livre showed at `updated_at`."""

    id: str
    account_id: UUID
    title: str
    status: str
    category_id: str | None
    listing_type_id: str | None
    price: Money | None
    original_price: Money | None
    available_quantity: int | None
    sold_quantity: int | None
    seller_sku: str | None
    permalink: str | None
    thumbnail: str | None
    created_at: Moment | None
    updated_at: Moment


class ItemDocument(Document):
    """GET /items/{id} and the bodies of /items/bulk."""

    id: str
    seller_id: int
    title: str = ""
    status: str
    currency: str = Field(validation_alias="currency_id")
    price: Amount | None = None
    original_price: Amount | None = None
    category_id: str | None = None
    listing_type_id: str | None = None
    available_quantity: int | None = None
    sold_quantity: int | None = None
    seller_custom_field: str | None = None
    permalink: str | None = None
    thumbnail: str | None = None
    date_created: AwareDatetime | None = None
    updated_at: AwareDatetime = Field(validation_alias="last_updated")
    attributes: list[dict[str, Any]] = Field(default_factory=list)
    raw: dict[str, Any]

    @property
    def seller_sku(self) -> str | None:
        """The SELLER_SKU attribute, else the older custom field."""
        named = (entry.get("value_name") for entry in self.attributes if entry.get("id") == "SELLER_SKU")
        return next((str(value) for value in named if value), self.seller_custom_field)


def read_item(document: dict[str, Any]) -> ItemDocument:
    """Raises pydantic.ValidationError for a document without what an item needs."""
    return ItemDocument.model_validate(with_raw(document))
