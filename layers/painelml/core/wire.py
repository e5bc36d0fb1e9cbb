"""How values travel to clients: money in integer minor units, times as RFC 3339 in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, PlainSerializer

from painelml.core.clock import rfc3339

Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str)]


class Money(BaseModel):
    """`amount` is in minor units of `currency` (ISO 4217): 2990 and BRL are R$ 29,90."""

    amount: int
    currency: str


def money(amount: int | None, currency: str) -> Money | None:
    """Money where there is an amount."""
    return None if amount is None else Money(amount=amount, currency=currency)
