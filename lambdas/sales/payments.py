"""Payments, as they are in our tables."""

from __future__ import annotations

from lambdas.sales.parameters import OfAccount, OfOrder, OfStatus
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.marketplace.payments import service as payments
from painelml.marketplace.payments.models import Payment

router = http_routes()


@router.get("/payments")
@permitted(Permission.READ_SALES)
def list_payments(
    limit: Limit = 50,
    cursor: Cursor = None,
    account_id: OfAccount = None,
    status: OfStatus = None,
    order_id: OfOrder = None,
) -> Page[Payment]:
    with tenant_session(current_tenant()) as session:
        return payments.list_payments(
            session, account_id=account_id, status=status, order_id=order_id, limit=limit, cursor=cursor
        )
