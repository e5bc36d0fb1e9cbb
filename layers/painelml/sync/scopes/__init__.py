"""What can be brought in, one module a scope."""

from __future__ import annotations

from painelml.sync.models import Scope
from painelml.sync.scopes import items, orders, reconcile, seller, shipments
from painelml.sync.scopes.spec import ScopeSpec

SPECS: dict[Scope, ScopeSpec] = {
    "items": items.SPEC,
    "orders": orders.SPEC,
    "shipments": shipments.SPEC,
    "seller": seller.SPEC,
    "reconcile": reconcile.SPEC,
}
