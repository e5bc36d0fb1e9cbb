"""Orders, for notifications and syncs."""

from __future__ import annotations

from painelml.marketplace.kinds import NUMBER, Kind, pointing
from painelml.marketplace.orders.models import OrderDocument
from painelml.marketplace.orders.service import apply_orders, fetch_order

KIND: Kind[OrderDocument] = Kind(
    name="order",
    path="/orders/{id}",
    topics={"orders_v2": pointing(f"(?:orders/)?({NUMBER})")},
    fetch=fetch_order,
    apply=apply_orders,
)
