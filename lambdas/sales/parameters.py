"""What several lists of sales can be narrowed by, and how Mercado Livre's ids look in a path."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

NUMBER = r"^[1-9][0-9]{0,17}$"

OfAccount = Annotated[UUID | None, Query(description="Only this account's.")]
OfStatus = Annotated[str | None, Query(pattern=r"^[a-z_]{1,60}$", description="Only of this Mercado Livre status.")]
OfOrder = Annotated[str | None, Query(pattern=NUMBER, description="Only of this order.", examples=["2000011800000001"])]
OfPack = Annotated[
    str | None,
    Query(pattern=NUMBER, description="Only of this pack; an order without one is its own.", examples=["2000008800000001"]),
]
ItemId = Annotated[str, Path(pattern=r"^[A-Z]{3}[0-9]{1,20}$", description="Mercado Livre's item id.")]
OrderId = Annotated[str, Path(pattern=NUMBER, description="Mercado Livre's order id.")]
ShipmentId = Annotated[str, Path(pattern=NUMBER, description="Mercado Livre's shipment id.")]
PackId = Annotated[
    str, Path(pattern=NUMBER, description="Mercado Livre's pack id; of an order without a pack, the order's id.")
]
