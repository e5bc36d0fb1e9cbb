"""Orders, as they are in our tables."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from lambdas.sales.parameters import OfAccount, OfPack, OfStatus, OrderId
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.marketplace.orders import service as orders
from painelml.marketplace.orders.models import Order, OrderSummary

router = http_routes()


@router.get("/orders")
@permitted(Permission.READ_SALES)
def list_orders(
    limit: Limit = 50,
    cursor: Cursor = None,
    account_id: OfAccount = None,
    status: OfStatus = None,
    pack_id: OfPack = None,
) -> Page[OrderSummary]:
    with tenant_session(current_tenant()) as session:
        return orders.list_orders(session, account_id=account_id, status=status, pack_id=pack_id, limit=limit, cursor=cursor)


@router.get("/orders/<order_id>")
@permitted(Permission.READ_SALES)
def read_order(order_id: OrderId) -> Order:
    with tenant_session(current_tenant()) as session:
        return orders.find_order(session, order_id)


@router.post("/orders/<order_id>/resync", status_code=202)
@permitted(Permission.START_SYNC)
def resync_order(order_id: OrderId) -> Response[None]:
    with tenant_session(current_tenant()) as session:
        orders.ask_for_order(session, order_id)
    return Response(202)
