"""Shipments, by our own orders: Mercado Livre has no list of them.

A run brings in what is missing and reads again what may still move. Notifications keep parcels up to date between runs.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from painelml.core.clock import now
from painelml.core.db import Row, TenantSession, tenant_session
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.errors import CallRefused, MarketplaceBusy
from painelml.marketplace.shipments import queries
from painelml.marketplace.shipments.models import ShipmentDocument
from painelml.marketplace.shipments.service import FINAL, FINAL_NOT_DELIVERED, apply_shipments, fetch_shipments
from painelml.sync.models import Counters, PageDone, SyncError
from painelml.sync.scopes.spec import ScopeSpec

PAGE = 30
AT_ONCE = 3
"""Two calls each: no more than a waiting call's patience lets through at the pace of background work (marketplace.api.gate)."""
READING_SECONDS = 6
READ_AGAIN = timedelta(hours=6)
OVERLAP = timedelta(minutes=10)  # an order is visible some time after the moment that it bears
Read = ShipmentDocument | int
"""A document, or the id of a shipment that was refused."""


def first_cursor(days: int, newest: datetime | None) -> dict[str, Any]:
    """Whole: every order of `days` days. After a complete run: the orders that came in since it began, and what was not read
    for six hours. The cursor's `newest` is when this run began."""
    moment = now()
    return {
        "after": 0,
        "since": (moment - timedelta(days=days)).isoformat(),
        "told_since": (newest - OVERLAP).isoformat() if newest else None,
        "read_before": (moment - READ_AGAIN if newest else moment).isoformat(),
        "newest": moment.isoformat(),
    }


def shipments_page(api: SellerApi, cursor: dict[str, Any]) -> tuple[list[Read], PageDone]:
    """Up to thirty shipments, a few at a time. When Mercado Livre wants a pause the page ends with what was read."""
    with tenant_session(api.account.tenant_id) as session:
        wanted = _wanted(session, api.account, cursor)
    read: list[Read] = []
    errors: list[SyncError] = []
    after, until = cursor["after"], time.monotonic() + READING_SECONDS
    for start in range(0, len(wanted), AT_ONCE):
        some = {row["shipment_id"]: row["order_ids"] for row in wanted[start : start + AT_ONCE]}
        if start and time.monotonic() >= until:
            break
        try:
            for shipment_id, outcome in fetch_shipments(api, some):
                read.append(outcome if isinstance(outcome, ShipmentDocument) else shipment_id)
                if not isinstance(outcome, ShipmentDocument):
                    errors.append(_error(shipment_id, outcome))
        except MarketplaceBusy:
            if not start:
                raise
            break
        after = max(some)
    finished = len(wanted) < PAGE and (not wanted or after == wanted[-1]["shipment_id"])
    count = sum(isinstance(one, ShipmentDocument) for one in read)
    return read, PageDone(
        cursor={**cursor, "after": after}, processed=Counters(shipments=count), errors=errors, finished=finished
    )


def apply(session: TenantSession, account: ConnectedAccount, read: Sequence[Read]) -> None:
    apply_shipments(session, account, [one for one in read if isinstance(one, ShipmentDocument)])
    if refused := [one for one in read if isinstance(one, int)]:
        queries.note_asked(session, refused, moment=now())


def _wanted(session: TenantSession, account: ConnectedAccount, cursor: dict[str, Any]) -> list[Row]:
    told_since = cursor["told_since"]
    return queries.wanted(
        session,
        account.id,
        since=datetime.fromisoformat(cursor["since"]),
        told_since=datetime.fromisoformat(told_since or cursor["since"]),
        read_before=datetime.fromisoformat(cursor["read_before"]),
        final=FINAL,
        final_not_delivered=FINAL_NOT_DELIVERED,
        after=cursor["after"],
        limit=PAGE,
    )


def _error(shipment_id: int, fault: CallRefused | ValidationError) -> SyncError:
    code = f"shipment_answered_{fault.status}" if isinstance(fault, CallRefused) else "unreadable_shipment"
    return SyncError(code=code, resource=str(shipment_id), at=now())


SPEC = ScopeSpec(first_cursor, shipments_page, apply, follows="orders")
