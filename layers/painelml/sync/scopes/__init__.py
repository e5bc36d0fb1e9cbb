"""What can be brought in, one module a scope."""

from __future__ import annotations

from painelml.sync.models import Scope
from painelml.sync.scopes import billing, claims, items, messages, orders, questions, reconcile, seller, shipments
from painelml.sync.scopes.spec import ScopeSpec

SPECS: dict[Scope, ScopeSpec] = {
    "items": items.SPEC,
    "orders": orders.SPEC,
    "shipments": shipments.SPEC,
    "questions": questions.SPEC,
    "messages": messages.SPEC,
    "seller": seller.SPEC,
    "claims": claims.SPEC,
    "billing": billing.SPEC,
    "reconcile": reconcile.SPEC,
}
