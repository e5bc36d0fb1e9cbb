"""Listings: as clients see them, and as Mercado Livre tells of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AliasPath, AwareDatetime, BaseModel, Field

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


class Attribute(BaseModel):
    """What tells a variation from the others: a colour, a size."""

    id: str
    name: str | None
    value: str | None


class Variation(BaseModel):
    """A variation of a listing, with a stock of its own."""

    id: str
    price: Money | None
    available_quantity: int | None
    sold_quantity: int | None
    seller_sku: str | None
    combination: list[Attribute]
    user_product_id: str | None
    inventory_id: str | None


class Promotion(BaseModel):
    """Why a listing sells below its usual price."""

    id: str
    type: str | None


class ItemDetails(Item):
    """A listing with its variations, and with what a buyer pays at `priced_at`; null where Mercado Livre was not asked yet.

    `regular_price` is the usual one while a promotion runs. Of a listing that is its own product (`user_product_id`) each
    variant is a listing of its own.
    """

    sale_price: Money | None
    regular_price: Money | None
    promotion: Promotion | None
    priced_at: Moment | None
    user_product_id: str | None
    variations: list[Variation]


class AttributeDocument(Document):
    """An entry of `attribute_combinations`."""

    id: str = ""
    name: str | None = None
    value: str | None = Field(None, validation_alias="value_name")


class VariationDocument(Document):
    """An entry of `variations`. Its own attributes come only with `include_attributes=all`."""

    id: int
    price: Amount | None = None
    available_quantity: int | None = None
    sold_quantity: int | None = None
    seller_custom_field: str | None = None
    user_product_id: str | None = None
    inventory_id: str | None = None
    combination: list[AttributeDocument] = Field(default_factory=list, validation_alias="attribute_combinations")
    attributes: list[dict[str, Any]] = Field(default_factory=list)

    @property
    def seller_sku(self) -> str | None:
        return _sku(self.attributes) or self.seller_custom_field


class SalePriceDocument(Document):
    """GET /items/{id}/sale_price, and whose it is. Without an amount: Mercado Livre shows no price for it."""

    item_id: str
    amount: Amount | None = None
    regular_amount: Amount | None = None
    promotion_id: str | None = Field(None, validation_alias=AliasPath("metadata", "promotion_id"))
    promotion_type: str | None = Field(None, validation_alias=AliasPath("metadata", "promotion_type"))
    reference_date: AwareDatetime


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
    variations: list[VariationDocument] | None = None
    user_product_id: str | None = None
    sale_price: SalePriceDocument | None = Field(None, validation_alias="sale_price_read")
    raw: dict[str, Any]

    @property
    def seller_sku(self) -> str | None:
        """The SELLER_SKU attribute, else the older custom field."""
        return _sku(self.attributes) or self.seller_custom_field


def read_item(document: dict[str, Any]) -> ItemDocument:
    """Raises pydantic.ValidationError for a document without what an item needs."""
    return ItemDocument.model_validate(with_raw(document))


def read_sale_price(item_id: str, document: dict[str, Any], *, asked_at: datetime) -> SalePriceDocument:
    """Raises pydantic.ValidationError for a document that cannot be read."""
    stamp = {"reference_date": document.get("reference_date") or asked_at}
    return SalePriceDocument.model_validate({**document, **stamp, "item_id": item_id})


def _sku(attributes: list[dict[str, Any]]) -> str | None:
    named = (entry.get("value_name") for entry in attributes if entry.get("id") == "SELLER_SKU")
    return next((str(value) for value in named if value), None)
