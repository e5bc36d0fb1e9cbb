"""How often each part of an account is brought in without anybody asking (K53: incremental, and notifications come first)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from painelml.core.db import TenantSession
from painelml.marketplace.accounts import queries

EVERY: dict[str, timedelta] = {
    "orders": timedelta(minutes=30),
    "items": timedelta(days=1),  # the item search has no date filter: notifications keep listings between scans
    "reconcile": timedelta(days=1),
    "seller": timedelta(days=1),
    # Shipments follow orders: the scope's own SPEC says so.
}


def schedule_all(session: TenantSession, account_id: UUID, *, moment: datetime) -> None:
    """The first turn of each comes one period after `moment`: the first sync is started by the connection itself."""
    for purpose, every in EVERY.items():
        queries.schedule(session, account_id, purpose, due=moment + every, every=f"{int(every.total_seconds())} seconds")
