"""Shipments, as clients see them and as Mercado Livre tells of them, in its nested shape and in the flat one of before.

Who receives a parcel is not ours to keep: name, phone, street and the buyer's comments are dropped here, before anything is
written (decision 0056).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import AliasPath, AwareDatetime, BaseModel, ConfigDict, Field

from painelml.core.wire import Moment, Money
from painelml.marketplace.documents import Amount, Document, currency_of, either, only

PLACE = ("zip_code", "city", "state", "country")
KEPT = (
    *("id", "status", "substatus", "status_history", "substatus_history", "date_created", "last_updated", "tags"),
    *("logistic", "logistic_type", "mode", "service_id", "tracking_number", "tracking_method", "dimensions", "items_types"),
    *("lead_time", "shipping_option", "declared_value", "order_cost", "base_cost", "quotation", "sibling", "source", "site_id"),
    *("order_id", "sender_id", "receiver_id", "external_reference", "costs"),
)


class Place(BaseModel):
    """As near as we keep it: never a street or a name. `state` is an ISO 3166-2 code, such as BR-SP."""

    zip_code: str | None
    city: str | None
    state: str | None


class Shipment(BaseModel):
    """A parcel. `seller_cost` is the seller's freight, `receiver_cost` the buyer's; null until Mercado Livre tells them.

    `status` and `substatus` are Mercado Livre's, an open set.
    """

    id: str
    account_id: UUID
    order_ids: list[str]
    status: str
    substatus: str | None
    mode: str | None
    logistic_type: str | None
    tracking_number: str | None
    tracking_method: str | None
    seller_cost: Money | None
    receiver_cost: Money | None
    declared_value: Money | None
    destination: Place
    estimated_delivery_at: Moment | None
    estimated_limit_at: Moment | None
    created_at: Moment
    updated_at: Moment

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "45100000001",
                    "account_id": "01a21315-f1ed-7da7-beea-ca72614aa9c5",
                    "order_ids": ["2000011800000001"],
                    "status": "ready_to_ship",
                    "substatus": "printed",
                    "mode": "me2",
                    "logistic_type": "cross_docking",
                    "tracking_number": "MEL45100000001",
                    "tracking_method": "Normal",
                    "seller_cost": {"amount": 1095, "currency": "BRL"},
                    "receiver_cost": {"amount": 0, "currency": "BRL"},
                    "declared_value": {"amount": 9980, "currency": "BRL"},
                    "destination": {"zip_code": "20040002", "city": "Rio de Janeiro", "state": "BR-RJ"},
                    "estimated_delivery_at": "2026-11-05T03:00:00.000Z",
                    "estimated_limit_at": "2026-11-15T03:00:00.000Z",
                    "created_at": "2026-11-01T14:01:00.000Z",
                    "updated_at": "2026-11-01T16:00:00.000Z",
                }
            ]
        }
    )


class SenderCost(Document):
    """An entry of `senders`: what one seller pays."""

    user_id: int | None = None
    cost: Amount | None = None


class CostsDocument(Document):
    """GET /shipments/{id}/costs."""

    receiver_cost: Amount | None = Field(None, validation_alias=AliasPath("receiver", "cost"))
    senders: list[SenderCost] = Field(default_factory=list)


class ShipmentDocument(Document):
    """GET /shipments/{id} in either shape, with its costs and orders where they could be read.

    What a document lacks is not in `model_fields_set`, and what was held of it stays.
    """

    id: int
    status: str
    seller_id: int = Field(
        validation_alias=either("origin.sender_id", "sender_id", "lines.0.sender_id", "costs.senders.0.user_id")
    )
    substatus: str | None = None
    mode: str | None = Field(None, validation_alias=either("logistic.mode", "mode"))
    logistic_type: str | None = Field(None, validation_alias=either("logistic.type", "logistic_type"))
    tracking_number: str | None = None
    tracking_method: str | None = None
    told_currency: str | None = Field(None, validation_alias=either("lead_time.currency_id", "shipping_option.currency_id"))
    site_id: str | None = Field(None, validation_alias=either("source.site_id", "site_id"))
    told_receiver_cost: Amount | None = Field(None, validation_alias=either("lead_time.cost", "shipping_option.cost"))
    declared_value: Amount | None = Field(None, validation_alias=either("declared_value", "order_cost"))
    zip_code: str | None = Field(
        None, validation_alias=either("destination.shipping_address.zip_code", "receiver_address.zip_code")
    )
    city: str | None = Field(
        None, validation_alias=either("destination.shipping_address.city.name", "receiver_address.city.name")
    )
    state: str | None = Field(
        None, validation_alias=either("destination.shipping_address.state.id", "receiver_address.state.id")
    )
    estimated_delivery_at: AwareDatetime | None = Field(
        None,
        validation_alias=either("lead_time.estimated_delivery_time.date", "shipping_option.estimated_delivery_time.date"),
    )
    estimated_limit_at: AwareDatetime | None = Field(
        None,
        validation_alias=either("lead_time.estimated_delivery_limit.date", "shipping_option.estimated_delivery_limit.date"),
    )
    date_created: AwareDatetime
    last_updated: AwareDatetime | None = None
    order_ids: list[int] = Field(default_factory=list)
    costs: CostsDocument | None = None
    raw: dict[str, Any]

    @property
    def updated_at(self) -> datetime:
        """The shipment's own update stamp, else the moment it was made."""
        return self.last_updated or self.date_created

    @property
    def currency(self) -> str:
        return self.told_currency or currency_of(self.site_id)

    @property
    def seller_cost(self) -> Decimal | None:
        """What this seller pays, from the costs alone: the lead time's price is not it. None where they could not be read."""
        of_seller = [sender.cost for sender in self.costs.senders if sender.user_id == self.seller_id] if self.costs else []
        told = [cost for cost in of_seller if cost is not None]
        return sum(told, Decimal(0)) if told else None

    @property
    def receiver_cost(self) -> Decimal | None:
        told = self.costs.receiver_cost if self.costs else None
        return self.told_receiver_cost if told is None else told


def read_shipment(
    document: dict[str, Any],
    *,
    costs: dict[str, Any] | None = None,
    lines: Sequence[dict[str, Any]] = (),
    order_ids: Sequence[int] = (),
) -> ShipmentDocument:
    """`lines` are those of /shipments/{id}/items; raises pydantic.ValidationError without what a shipment needs."""
    told = {**document, "costs": costs} if costs is not None else document
    orders = [*order_ids, *(line["order_id"] for line in lines if line.get("order_id"))]
    if not orders and document.get("order_id"):
        orders = [document["order_id"]]
    return ShipmentDocument.model_validate(
        {**told, "lines": list(lines), "order_ids": list(dict.fromkeys(orders)), "raw": _without_people(told)}
    )


def _without_people(document: dict[str, Any]) -> dict[str, Any]:
    """The document with nobody in it: fields by name, and of an address only where it is roughly."""
    kept = only(document, *KEPT)
    for end in ("origin", "destination"):
        if isinstance(told := document.get(end), dict):
            kept[end] = {
                **only(told, "type", "sender_id", "receiver_id", "node"),
                "shipping_address": only(told.get("shipping_address"), *PLACE),
            }
    for address in ("sender_address", "receiver_address"):
        if isinstance(told := document.get(address), dict):
            kept[address] = only(told, *PLACE)
    return kept
