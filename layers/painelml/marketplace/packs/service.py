"""A cart, put together from our own orders and shipments."""

from __future__ import annotations

from collections.abc import Iterable

from painelml.core.db import TenantSession
from painelml.core.errors import NotFound
from painelml.core.wire import Money
from painelml.marketplace.orders import service as orders
from painelml.marketplace.packs.models import Pack
from painelml.marketplace.shipments import service as shipments

CANCELLED = "cancelled"


def find_pack(session: TenantSession, pack_id: str) -> Pack:
    """Raises NotFound where no order of ours is in it."""
    bought = orders.orders_of_pack(session, int(pack_id))
    if not bought:
        raise NotFound
    parcels = shipments.shipments_of_orders(session, [int(order.id) for order in bought])
    counted = [order for order in bought if order.status != CANCELLED]
    sent = [parcel for parcel in parcels if parcel.status != CANCELLED]
    return Pack(
        id=pack_id,
        account_id=bought[0].account_id,
        total=_sum(order.total for order in counted) or Money(amount=0, currency=bought[0].total.currency),
        paid=_sum(order.paid for order in counted),
        marketplace_fee=_sum(order.marketplace_fee for order in counted),
        seller_shipping=_sum(parcel.seller_cost for parcel in sent),
        receiver_shipping=_sum(parcel.receiver_cost for parcel in sent),
        orders=bought,
        shipments=parcels,
    )


def _sum(amounts: Iterable[Money | None]) -> Money | None:
    """None where none is known."""
    known = [amount for amount in amounts if amount is not None]
    return Money(amount=sum(one.amount for one in known), currency=known[0].currency) if known else None
