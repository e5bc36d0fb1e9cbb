"""Connected accounts, and Mercado Livre's documents as we read them: tolerant of everything but what we need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AliasPath, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from painelml.core.fields import Order as Request
from painelml.core.wire import Moment, Money

AccountStatus = Literal["ACTIVE", "RECONNECT_REQUIRED", "DISCONNECTED", "FROZEN"]

Site = Literal["MLB", "MLA", "MLM", "MLC", "MCO", "MLU", "MPE", "MLV", "MEC", "MRD", "MPA", "CBT"]

# ISO 4217: these currencies of Mercado Livre's countries have no minor unit.
WITHOUT_CENTS = frozenset({"CLP", "PYG"})


def minor_units(amount: float | int | str | Decimal, currency: str) -> int:
    """49.9 BRL → 4990. Through the shortest decimal text of the number, so no binary fraction gets in."""
    scale = 1 if currency in WITHOUT_CENTS else 100
    return int((Decimal(str(amount)) * scale).quantize(Decimal(1), ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class ConnectedAccount:
    """An account as workers need it."""

    tenant_id: UUID
    id: UUID
    seller_id: int
    site_id: str
    status: AccountStatus


class ConnectRequest(Request):
    """Which country's consent page to open."""

    site_id: Site = "MLB"


class Connect(BaseModel):
    """Open `authorization_url` in the same browser: it holds the cookie that the way back asks for."""

    authorization_url: str
    expires_at: Moment


class Health(BaseModel):
    """`reason` is a code: why a connection is not `ok`."""

    state: Literal["ok", "warning", "broken"]
    reason: str | None


class Account(BaseModel):
    """A connected account as its tenant sees it. Never its tokens."""

    id: UUID
    seller_id: str
    nickname: str
    site_id: str
    status: AccountStatus
    health: Health
    connected_at: Moment
    last_synced_at: Moment | None


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


class _Document(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


Amount = Annotated[Decimal, BeforeValidator(lambda value: str(value) if isinstance(value, float) else value)]


class OrderLineDocument(_Document):
    """An entry of `order_items`."""

    item_id: str = Field(validation_alias=AliasPath("item", "id"))
    variation_id: int | None = Field(None, validation_alias=AliasPath("item", "variation_id"))
    title: str = Field("", validation_alias=AliasPath("item", "title"))
    seller_sku: str | None = Field(None, validation_alias=AliasPath("item", "seller_sku"))
    quantity: int
    unit_price: Amount
    full_unit_price: Amount | None = None
    sale_fee: Amount | None = None


class PaymentDocument(_Document):
    """An entry of `payments`: only the fee, which is the order's total."""

    marketplace_fee: Amount | None = None
    status: str | None = None


class OrderDocument(_Document):
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
    payments: list[PaymentDocument] | None = None
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


class ItemDocument(_Document):
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
    last_updated: AwareDatetime
    attributes: list[dict[str, Any]] = Field(default_factory=list)
    raw: dict[str, Any]

    @property
    def seller_sku(self) -> str | None:
        """The SELLER_SKU attribute, else the older custom field."""
        named = (entry.get("value_name") for entry in self.attributes if entry.get("id") == "SELLER_SKU")
        return next((str(value) for value in named if value), self.seller_custom_field)


def read_order(document: dict[str, Any]) -> OrderDocument:
    """Raises pydantic.ValidationError for a document without what an order needs."""
    return OrderDocument.model_validate({**document, "raw": document})


def read_item(document: dict[str, Any]) -> ItemDocument:
    """Raises pydantic.ValidationError for a document without what an item needs."""
    return ItemDocument.model_validate({**document, "raw": document})
