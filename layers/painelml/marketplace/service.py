"""What tenants read and do: accounts, items, orders. And the one way documents get into the tables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from painelml.core.clock import now
from painelml.core.db import Row, TenantSession
from painelml.core.errors import InvalidRequest, NotFound
from painelml.core.pages import Page, decode_cursor, decode_id, page_of
from painelml.core.wire import money
from painelml.marketplace import queries
from painelml.marketplace.errors import AccessRefused
from painelml.marketplace.jobs import Refetch, enqueue
from painelml.marketplace.models import (
    Account,
    ConnectedAccount,
    Health,
    Item,
    ItemDocument,
    Order,
    OrderDocument,
    OrderLine,
    OrderSummary,
)

ITEM_ID = re.compile(r"[A-Z0-9]{0,40}", re.ASCII)
NEWEST = ("infinity", 2**63 - 1)


# Accounts


def list_accounts(session: TenantSession, *, limit: int, cursor: str | None) -> Page[Account]:
    after = decode_id(cursor) or UUID(int=0)
    rows = queries.accounts(session, after=after, limit=limit)
    return page_of([_account(row) for row in rows], limit, key=lambda account: (account.id,))


def find_account(session: TenantSession, account_id: UUID) -> Account:
    row = queries.account(session, account_id)
    if row is None:
        raise NotFound
    return _account(row)


def connected_account(session: TenantSession, account_id: UUID) -> ConnectedAccount:
    """The account for work on it; raises NotFound for another tenant's."""
    row = queries.account(session, account_id)
    if row is None:
        raise NotFound
    return ConnectedAccount(session.tenant_id, account_id, row["seller_id"], row["site_id"], row["status"])


# Reading


def list_items(
    session: TenantSession, *, account_id: UUID | None, status: str | None, limit: int, cursor: str | None
) -> Page[Item]:
    """By id."""
    after = decode_cursor(cursor, 1)[0] if cursor else ""
    if not ITEM_ID.fullmatch(after):
        raise _foreign_cursor()
    rows = queries.items(session, account_id=account_id, status=status, after=after, limit=limit)
    return page_of([_item(row) for row in rows], limit, key=lambda item: (item.id,))


def find_item(session: TenantSession, item_id: str) -> Item:
    row = queries.item(session, item_id)
    if row is None:
        raise NotFound
    return _item(row)


def list_orders(
    session: TenantSession, *, account_id: UUID | None, status: str | None, limit: int, cursor: str | None
) -> Page[OrderSummary]:
    """Newest first."""
    rows = queries.orders(session, account_id=account_id, status=status, before=_before(cursor), limit=limit)
    return page_of([OrderSummary(**_order(row)) for row in rows], limit, key=lambda order: (order.created_at, order.id))


def find_order(session: TenantSession, order_id: str) -> Order:
    row = queries.order(session, int(order_id))
    if row is None:
        raise NotFound
    return Order(**_order(row), items=[_line(line) for line in queries.order_lines(session, int(order_id))])


def ask_for_order(session: TenantSession, order_id: str) -> None:
    """Has an order read again from Mercado Livre."""
    row = queries.order(session, int(order_id))
    if row is None:
        raise NotFound
    job = Refetch(tenant_id=session.tenant_id, account_id=row["account_id"], topic="orders_v2", resource=f"/orders/{order_id}")
    enqueue([job], tenant_id=session.tenant_id)


# Writing


class _Owned(Protocol):
    @property
    def seller_id(self) -> int: ...


T = TypeVar("T", bound=_Owned)


def apply_orders(session: TenantSession, account: ConnectedAccount, orders: Iterable[OrderDocument]) -> list[int]:
    """Writes orders that are at least as new as what is held; the ids written. Raises AccessRefused for another seller's."""
    owned = [_checked(order, account) for order in orders]
    return queries.upsert_orders(session, account.id, owned, moment=now())


def apply_items(session: TenantSession, account: ConnectedAccount, items: Iterable[ItemDocument]) -> list[str]:
    """Writes items that are at least as new as what is held; the ids written. Raises AccessRefused for another seller's."""
    owned = [_checked(item, account) for item in items]
    return queries.upsert_items(session, account.id, owned, moment=now())


def _checked(document: T, account: ConnectedAccount) -> T:
    if document.seller_id != account.seller_id:
        raise AccessRefused(403, "not_this_seller")
    return document


def _account(row: Row) -> Account:
    broken = row["status"] != "ACTIVE"
    reason = row["status_reason"] if broken else row["sync_trouble"]
    if row["status"] == "FROZEN":
        reason = "plan_limit"
    return Account(
        id=row["id"],
        seller_id=str(row["seller_id"]),
        nickname=row["nickname"],
        site_id=row["site_id"],
        status=row["status"],
        health=Health(state="broken" if broken else "warning" if reason else "ok", reason=reason),
        connected_at=row["connected_at"],
        last_synced_at=row["last_synced_at"],
    )


def _item(row: Row) -> Item:
    return Item(
        id=row["id"],
        account_id=row["account_id"],
        title=row["title"],
        status=row["status"],
        category_id=row["category_id"],
        listing_type_id=row["listing_type_id"],
        price=money(row["price"], row["currency"]),
        original_price=money(row["original_price"], row["currency"]),
        available_quantity=row["available_quantity"],
        sold_quantity=row["sold_quantity"],
        seller_sku=row["seller_sku"],
        permalink=row["permalink"],
        thumbnail=row["thumbnail"],
        created_at=row["date_created"],
        updated_at=row["source_updated_at"],
    )


def _order(row: Row) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "account_id": row["account_id"],
        "pack_id": _text(row["pack_id"]),
        "status": row["status"],
        "total": money(row["total"], row["currency"]),
        "paid": money(row["paid"], row["currency"]),
        "marketplace_fee": money(row["marketplace_fee"], row["currency"]),
        "shipment_id": _text(row["shipment_id"]),
        "buyer_id": _text(row["buyer_id"]),
        "tags": row["tags"] or [],
        "created_at": row["date_created"],
        "closed_at": row["date_closed"],
        "updated_at": row["source_updated_at"],
    }


def _line(row: Row) -> OrderLine:
    return OrderLine.model_validate(
        {
            **row,
            "variation_id": _text(row["variation_id"]),
            "unit_price": money(row["unit_price"], row["currency"]),
            "full_unit_price": money(row["full_unit_price"], row["currency"]),
            "sale_fee": money(row["sale_fee"], row["currency"]),
        }
    )


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _before(cursor: str | None) -> tuple[str, int]:
    if cursor is None:
        return NEWEST
    moment, order_id = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(moment).isoformat(), int(order_id)
    except ValueError:
        raise _foreign_cursor() from None


def _foreign_cursor() -> InvalidRequest:
    return InvalidRequest(errors=[{"field": "cursor", "message": "not a next_cursor of this list"}])
