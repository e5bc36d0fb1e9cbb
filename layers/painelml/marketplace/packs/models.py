"""A cart as clients see it."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from painelml.core.wire import Money
from painelml.marketplace.orders.models import OrderSummary
from painelml.marketplace.shipments.models import Shipment


class Pack(BaseModel):
    """Orders that were bought together, and their parcels, each once however many orders are in it.

    Sums are over what is not cancelled. `seller_shipping` and `receiver_shipping` count a parcel once; null while its costs are
    not told, as `marketplace_fee` is before any payment is credited. An order without a pack is a pack of its own.
    """

    id: str
    account_id: UUID
    total: Money
    paid: Money | None
    marketplace_fee: Money | None
    seller_shipping: Money | None
    receiver_shipping: Money | None
    orders: list[OrderSummary]
    shipments: list[Shipment]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "2000008800000001",
                    "account_id": "01a21315-f1ed-7da7-beea-ca72614aa9c5",
                    "total": {"amount": 14970, "currency": "BRL"},
                    "paid": {"amount": 14970, "currency": "BRL"},
                    "marketplace_fee": {"amount": 2544, "currency": "BRL"},
                    "seller_shipping": {"amount": 1095, "currency": "BRL"},
                    "receiver_shipping": {"amount": 0, "currency": "BRL"},
                    "orders": [],
                    "shipments": [],
                }
            ]
        }
    )
