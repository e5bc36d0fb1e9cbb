"""What was sold and what is for sale, as it is in our tables."""

from __future__ import annotations

from lambdas.sales import items, orders, packs, payments, shipments
from painelml.core.http import entry_point, http_app

app = http_app(items.router, orders.router, shipments.router, payments.router, packs.router)
handler = entry_point(app)
