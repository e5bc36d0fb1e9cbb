"""What tenants read of their payments, and the one way a payment gets into the table: with its order, or by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from pydantic import ValidationError

from painelml.core.clock import now
from painelml.core.db import Row, TenantSession
from painelml.core.observability import logger
from painelml.core.pages import Page, decode_cursor, foreign_cursor, page_of
from painelml.core.wire import Money, money
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.orders.models import OrderDocument
from painelml.marketplace.ownership import checked
from painelml.marketplace.payments import queries
from painelml.marketplace.payments.models import Payment, PaymentDocument, read_payment

LAST_ID = 2**63 - 1


def list_payments(
    session: TenantSession,
    *,
    account_id: UUID | None,
    status: str | None,
    order_id: str | None,
    limit: int,
    cursor: str | None,
) -> Page[Payment]:
    """By id, the newest first."""
    rows = queries.payments(
        session,
        account_id=account_id,
        status=status,
        order_id=int(order_id) if order_id else None,
        before=_before(cursor),
        limit=limit,
    )
    return page_of([_payment(row) for row in rows], limit, key=lambda payment: (payment.id,))


def fetch_payment(api: SellerApi, payment_id: str) -> PaymentDocument:
    """One payment as Mercado Livre has it now."""
    return read_payment(api.get(f"/collections/{payment_id}").document, site_id=api.account.site_id)


def apply_payments(session: TenantSession, account: ConnectedAccount, payments: Sequence[PaymentDocument]) -> list[int]:
    """Writes payments that are at least as new as what is held; the ids written. Raises AccessRefused for another seller's.

    An order and its totals are left alone: they come from the order's own document, so nothing is counted twice.
    """
    owned = [checked(payment, account) for payment in payments]
    return queries.upsert_payments(session, account.id, owned, moment=now())


def apply_of_orders(session: TenantSession, account: ConnectedAccount, orders: Iterable[OrderDocument]) -> None:
    """The payments inside orders that were just checked to be the account's, in the same transaction."""
    queries.upsert_payments(session, account.id, [one for order in orders for one in _of_order(order)], moment=now())


def _of_order(order: OrderDocument) -> list[PaymentDocument]:
    """An entry that cannot be read does not keep its order back, whose totals have it all the same."""
    found: list[PaymentDocument] = []
    for entry in order.raw.get("payments") or ():
        try:
            payment = read_payment(
                entry,
                order_id=order.id,
                seller_id=order.seller_id,
                currency_id=order.currency,
                order_updated_at=order.updated_at,
            )
        except ValidationError:
            logger.warning("payment of an order cannot be read", extra={"order_id": order.id})
        else:
            found.append(payment)
    return found


def _before(cursor: str | None) -> int:
    if cursor is None:
        return LAST_ID
    (text,) = decode_cursor(cursor, 1)
    if not (text.isascii() and text.isdecimal()) or int(text) > LAST_ID:
        raise foreign_cursor()
    return int(text)


def _payment(row: Row) -> Payment:
    amounts = {
        name: money(row[name], row["currency"]) for name in ("total_paid", "shipping", "fee", "refunded", "net_received")
    }
    return Payment(
        id=str(row["id"]),
        account_id=row["account_id"],
        order_id=None if row["order_id"] is None else str(row["order_id"]),
        status=row["status"],
        status_detail=row["status_detail"],
        type=row["type"],
        method=row["method"],
        amount=Money(amount=row["amount"], currency=row["currency"]),
        installments=row["installments"],
        approved_at=row["approved_at"],
        released_at=row["released_at"],
        updated_at=row["source_updated_at"],
        **amounts,
    )
