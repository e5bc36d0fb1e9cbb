"""Orders, as clients see them and as Mercado Livre tells of them. Each has one item or variation; a cart is a pack of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import AliasPath, AwareDatetime, BaseModel, Field

from painelml.core.wire import Moment, Money
from painelml.marketplace.documents import Amount, Document, only
from painelml.marketplace.payments.models import without_cards


class OrderLine(BaseModel):
    """What was bought. `sale_fee` is Mercado Livre's, per unit; null until the payment is credited."""

    item_id: str
    variation_id: str | None
    title: str
    seller_sku: str | None
    quantity: int
    unit_price: Money
    full_unit_price: Money | None
    sale_fee: Money | None


class OrderSummary(BaseModel):
    """An order in a list. `marketplace_fee` is the order's total fee; null until the payment is credited."""

    id: str
    account_id: UUID
    pack_id: str | None
    status: str
    total: Money
    paid: Money | None
    marketplace_fee: Money | None
    shipment_id: str | None
    buyer_id: str | None
    tags: list[str]
    created_at: Moment
    closed_at: Moment | None
    updated_at: Moment


class Order(OrderSummary):
    """One order with its lines."""

    items: list[OrderLine]


class OrderLineDocument(Document):
    """An entry of `order_items`."""

    item_id: str = Field(validation_alias=AliasPath("item", "id"))
    variation_id: int | None = Field(None, validation_alias=AliasPath("item", "variation_id"))
    title: str = Field("", validation_alias=AliasPath("item", "title"))
    seller_sku: str | None = Field(None, validation_alias=AliasPath("item", "seller_sku"))
    quantity: int
    unit_price: Amount
    full_unit_price: Amount | None = None
    sale_fee: Amount | None = None


class OrderPayment(Document):
    """An entry of `payments`: only the fee, which is the order's total. Whole payments are a kind of their own."""

    marketplace_fee: Amount | None = None
    status: str | None = None


class OrderDocument(Document):
    """GET /orders/{id} and the results of /orders/search. Fields a 206 may leave out are optional."""

    id: int
    status: str
    seller_id: int = Field(validation_alias=AliasPath("seller", "id"))
    currency: str = Field(validation_alias="currency_id")
    total: Amount = Field(validation_alias="total_amount")
    paid: Amount | None = Field(None, validation_alias="paid_amount")
    pack_id: int | None = None
    shipment_id: int | None = Field(None, validation_alias=AliasPath("shipping", "id"))
    buyer_id: int | None = Field(None, validation_alias=AliasPath("buyer", "id"))
    tags: list[str] | None = None
    date_created: AwareDatetime
    date_closed: AwareDatetime | None = None
    date_last_updated: AwareDatetime | None = None
    last_updated: AwareDatetime | None = None
    lines: list[OrderLineDocument] | None = Field(None, validation_alias="order_items")
    payments: list[OrderPayment] | None = None
    raw: dict[str, Any]

    @property
    def updated_at(self) -> datetime:
        """The order's own update stamp: the finer of its two, else the day it was made."""
        return self.date_last_updated or self.last_updated or self.date_created

    @property
    def marketplace_fee(self) -> Decimal | None:
        """The fee of the payments that carry one; None before any payment is credited."""
        fees = [payment.marketplace_fee for payment in self.payments or () if payment.marketplace_fee]
        return sum(fees, Decimal(0)) if fees else None


def read_order(document: dict[str, Any]) -> OrderDocument:
    """Raises pydantic.ValidationError for a document without what an order needs."""
    return OrderDocument.model_validate({**document, "raw": _without_people(document)})


def _without_people(document: dict[str, Any]) -> dict[str, Any]:
    """The document without who bought it, but for the id, and without cards (decision 0056)."""
    kept = dict(document)
    if isinstance(document.get("buyer"), dict):
        kept["buyer"] = only(document["buyer"], "id", "billing_info")
    if isinstance(document.get("payments"), list):
        kept["payments"] = [without_cards(payment) for payment in document["payments"]]
    return kept
