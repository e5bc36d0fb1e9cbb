"""Shipments, as they are in our tables."""

from __future__ import annotations

from lambdas.sales.parameters import OfAccount, OfOrder, OfStatus, ShipmentId
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.marketplace.shipments import service as shipments
from painelml.marketplace.shipments.models import Shipment

router = http_routes()


@router.get("/shipments")
@permitted(Permission.READ_SALES)
def list_shipments(
    limit: Limit = 50,
    cursor: Cursor = None,
    account_id: OfAccount = None,
    status: OfStatus = None,
    order_id: OfOrder = None,
) -> Page[Shipment]:
    with tenant_session(current_tenant()) as session:
        return shipments.list_shipments(
            session, account_id=account_id, status=status, order_id=order_id, limit=limit, cursor=cursor
        )


@router.get("/shipments/<shipment_id>")
@permitted(Permission.READ_SALES)
def read_shipment(shipment_id: ShipmentId) -> Shipment:
    with tenant_session(current_tenant()) as session:
        return shipments.find_shipment(session, shipment_id)
