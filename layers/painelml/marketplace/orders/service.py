"""What tenants read of their orders, and the one way an order gets into the tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from painelml.core.clock import now
from painelml.core.db import Row, TenantSession
from painelml.core.errors import NotFound
from painelml.core.pages import Page, newest_first, page_of
from painelml.core.wire import money
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.jobs import Refetch, refetch
from painelml.marketplace.orders import queries
from painelml.marketplace.orders.models import Order, OrderDocument, OrderLine, OrderSummary, read_order
from painelml.marketplace.ownership import checked
from painelml.marketplace.payments.service import apply_of_orders

LAST_ID = 2**63 - 1


def list_orders(
    session: TenantSession,
    *,
    account_id: UUID | None,
    status: str | None,
    pack_id: str | None = None,
    limit: int,
    cursor: str | None,
) -> Page[OrderSummary]:
    """Newest first."""
    rows = queries.orders(
        session,
        account_id=account_id,
        status=status,
        pack_id=int(pack_id) if pack_id else None,
        before=newest_first(cursor, int, LAST_ID),
        limit=limit,
    )
    return page_of([OrderSummary(**_order(row)) for row in rows], limit, key=lambda order: (order.created_at, order.id))


def orders_of_pack(session: TenantSession, pack_id: int) -> list[OrderSummary]:
    """The orders of a cart, by id; of an order without a pack that order."""
    return [OrderSummary(**_order(row)) for row in queries.orders_of_pack(session, pack_id)]


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
    refetch(session, [job])


def fetch_order(api: SellerApi, order_id: str) -> OrderDocument:
    """One order as Mercado Livre has it now."""
    return read_order(api.get(f"/orders/{order_id}").document)


def apply_orders(session: TenantSession, account: ConnectedAccount, orders: Sequence[OrderDocument]) -> list[int]:
    """Writes orders that are at least as new as what is held, and their payments; the ids of the orders written.

    Raises AccessRefused for another seller's.
    """
    owned = [checked(order, account) for order in orders]
    written = queries.upsert_orders(session, account.id, owned, moment=now())
    apply_of_orders(session, account, owned)
    return written


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
