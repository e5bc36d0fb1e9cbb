"""Listings, as they are in our tables."""

from __future__ import annotations

from lambdas.sales.parameters import ItemId, OfAccount, OfStatus
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.marketplace.items import service as items
from painelml.marketplace.items.models import Item

router = http_routes()


@router.get("/items")
@permitted(Permission.READ_SALES)
def list_items(limit: Limit = 50, cursor: Cursor = None, account_id: OfAccount = None, status: OfStatus = None) -> Page[Item]:
    with tenant_session(current_tenant()) as session:
        return items.list_items(session, account_id=account_id, status=status, limit=limit, cursor=cursor)


@router.get("/items/<item_id>")
@permitted(Permission.READ_SALES)
def read_item(item_id: ItemId) -> Item:
    with tenant_session(current_tenant()) as session:
        return items.find_item(session, item_id)
