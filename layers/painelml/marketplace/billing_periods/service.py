"""What tenants read of the bills that Mercado Livre writes them, and the one way those get into the tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from painelml.core.clock import now
from painelml.core.db import Row, TenantSession
from painelml.core.errors import NotFound
from painelml.core.pages import Page, decode_cursor, foreign_cursor, page_of
from painelml.core.wire import money
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.billing_periods import queries
from painelml.marketplace.billing_periods.models import (
    BillingCharge,
    BillingPeriod,
    BillingPeriodDetails,
    ChargesRead,
    Difference,
    Group,
    PeriodDocument,
    PeriodRead,
    Read,
    Total,
)
from painelml.marketplace.documents import currency_of

LAST = (date.max, UUID(int=2**128 - 1))
TEXTS = ("id", "order_id", "shipment_id", "pack_id", "bonified_id")
AMOUNTS = ("amount", "amount_without_discount", "discount")


def list_periods(
    session: TenantSession, *, account_id: UUID | None, group: Group | None, limit: int, cursor: str | None
) -> Page[BillingPeriod]:
    """Newest first."""
    rows = queries.periods(session, account_id=account_id, group=group, before=_before(cursor), limit=limit)
    return page_of([BillingPeriod(**_period(row)) for row in rows], limit, key=lambda period: (period.key, period.id))


def find_period(session: TenantSession, period_id: UUID) -> BillingPeriodDetails:
    row = queries.period(session, period_id)
    if row is None:
        raise NotFound
    currency = row["currency"]
    return BillingPeriodDetails(
        **_period(row),
        totals=[
            Total.model_validate({**total, "amount": money(total["amount"], currency)})
            for total in queries.totals(session, period_id)
        ],
        differences=[
            Difference.model_validate({**one, "ours": money(one["ours"], currency), "theirs": money(one["theirs"], currency)})
            for one in row["differences"]
        ],
    )


def list_charges(session: TenantSession, period_id: UUID, *, limit: int, cursor: str | None) -> Page[BillingCharge]:
    """In the order in which they arose."""
    if queries.period(session, period_id) is None:
        raise NotFound
    after = decode_cursor(cursor, 1)[0] if cursor else "0"
    if not (after.isascii() and after.isdecimal() and len(after) < 19):
        raise foreign_cursor()
    rows = queries.charges(session, period_id, after=int(after), limit=limit)
    return page_of([_charge(row) for row in rows], limit, key=lambda charge: (charge.id,))


def apply_billing(session: TenantSession, account: ConnectedAccount, read: Sequence[Read]) -> None:
    """Writes a page of what was read: periods, charges of one of them, or that one was read to its end."""
    moment, currency = now(), currency_of(account.site_id)
    if periods := [one for one in read if isinstance(one, PeriodDocument)]:
        queries.upsert_periods(session, account.id, periods, currency=currency, moment=moment)
    for one in read:
        if isinstance(one, ChargesRead):
            told = [charge.model_copy(update={"currency": charge.currency or currency}) for charge in one.charges]
            queries.upsert_charges(session, one.period_id, told, moment=moment)
        elif isinstance(one, PeriodRead):
            queries.note_read(session, one, moment=moment)


def _before(cursor: str | None) -> tuple[date, UUID]:
    if cursor is None:
        return LAST
    key, period_id = decode_cursor(cursor, 2)
    try:
        return date.fromisoformat(key), UUID(period_id)
    except ValueError:
        raise foreign_cursor() from None


def _period(row: Row) -> dict[str, Any]:
    return {
        **{name: row[name] for name in BillingPeriod.model_fields if name in row},
        "group": row["billing_group"],
        "amount": money(row["amount"], row["currency"]),
        "unpaid": money(row["unpaid"], row["currency"]),
    }


def _charge(row: Row) -> BillingCharge:
    texts = {name: None if row[name] is None else str(row[name]) for name in TEXTS}
    return BillingCharge.model_validate({**row, **texts, **{name: money(row[name], row["currency"]) for name in AMOUNTS}})
