"""Items and orders, as they are in our tables."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from painelml.core.db import tenant_session
from painelml.core.http import entry_point, http_app
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.marketplace.items import service as items
from painelml.marketplace.items.models import Item
from painelml.marketplace.orders import service as orders
from painelml.marketplace.orders.models import Order, OrderSummary

app = http_app()

ItemId = Annotated[str, Path(pattern=r"^[A-Z]{3}[0-9]{1,20}$", description="Mercado Livre's item id.")]
OrderId = Annotated[str, Path(pattern=r"^[1-9][0-9]{0,17}$", description="Mercado Livre's order id.")]
OfAccount = Annotated[UUID | None, Query(description="Only this account's.")]
OfStatus = Annotated[str | None, Query(pattern=r"^[a-z_]{1,60}$", description="Only of this Mercado Livre status.")]


@app.get("/items")
@permitted(Permission.READ_SALES)
def list_items(limit: Limit = 50, cursor: Cursor = None, account_id: OfAccount = None, status: OfStatus = None) -> Page[Item]:
    with tenant_session(current_tenant()) as session:
        return items.list_items(session, account_id=account_id, status=status, limit=limit, cursor=cursor)


@app.get("/items/<item_id>")
@permitted(Permission.READ_SALES)
def read_item(item_id: ItemId) -> Item:
    with tenant_session(current_tenant()) as session:
        return items.find_item(session, item_id)


@app.get("/orders")
@permitted(Permission.READ_SALES)
def list_orders(
    limit: Limit = 50, cursor: Cursor = None, account_id: OfAccount = None, status: OfStatus = None
) -> Page[OrderSummary]:
    with tenant_session(current_tenant()) as session:
        return orders.list_orders(session, account_id=account_id, status=status, limit=limit, cursor=cursor)


@app.get("/orders/<order_id>")
@permitted(Permission.READ_SALES)
def read_order(order_id: OrderId) -> Order:
    with tenant_session(current_tenant()) as session:
        return orders.find_order(session, order_id)


@app.post("/orders/<order_id>/resync", status_code=202)
@permitted(Permission.START_SYNC)
def resync_order(order_id: OrderId) -> Response[None]:
    with tenant_session(current_tenant()) as session:
        orders.ask_for_order(session, order_id)
    return Response(202)


handler = entry_point(app)
