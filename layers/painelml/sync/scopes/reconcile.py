"""Reconciliation: Mercado Livre's list of orders against our tables. What was lost is written, and has its effect then.

A message compares a whole window: its list is sorted by `date_closed` and moves while it is paged, so only the whole says what
is in one and not in the other. Windows are split until one message can read them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from painelml.core.clock import now
from painelml.core.db import TenantSession
from painelml.marketplace import jobs
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.effects import service as effects
from painelml.marketplace.effects.models import Found
from painelml.marketplace.jobs import Refetch
from painelml.marketplace.orders.kind import KIND
from painelml.marketplace.orders.models import OrderDocument, read_order
from painelml.marketplace.resources import Resource
from painelml.sync import queries
from painelml.sync.models import Counters, Findings, PageDone, SyncError, Trigger
from painelml.sync.scopes.orders import OFFSET_CAP, SEARCH_LIMIT, search
from painelml.sync.scopes.spec import ScopeSpec, readable
from painelml.sync.windows import floor_hour, halves

DAYS = 14
FULL_DAYS = 365  # Mercado Livre keeps orders for twelve months
FULL_EVERY = timedelta(days=30)
SETTLING = timedelta(minutes=15)  # what changed just now is still on its way, and not lost
REACH = 200  # orders that a window may have before it is split
LISTS: tuple[dict[str, str | int], ...] = ({}, {"order.status": "cancelled"})
"""Cancelled orders are asked for apart: the documentation says that a seller's plain search leaves them out."""


@dataclass(frozen=True, slots=True)
class Window:
    """The orders that Mercado Livre lists as updated in `[start, end)`, by id."""

    start: datetime
    end: datetime
    orders: dict[int, OrderDocument]


def depth(session: TenantSession, account_id: UUID, days: int, trigger: Trigger) -> int | None:
    """How many days to compare: by schedule two weeks, and once in thirty days everything that was ever brought in.

    Never more than a complete sync has brought in: what is older was not lost. None before there is any.
    """
    since = queries.synced_since(session, account_id)
    if since is None:
        return None
    everything = min(FULL_DAYS, (now() - since).days + 1)
    if trigger == "schedule":
        last_full = queries.last_full_check(session, account_id, since=since)
        days = DAYS if last_full is not None and last_full > now() - FULL_EVERY else everything
    return min(days, everything)


def first_cursor(days: int, newest: datetime | None) -> dict[str, Any]:  # noqa: ARG001 - a comparison has no newest
    end = floor_hour(now() - SETTLING)
    return {"windows": [[floor_hour(end - timedelta(days=days)).isoformat(), end.isoformat()]]}


def window_page(api: SellerApi, cursor: dict[str, Any]) -> tuple[Window | None, PageDone]:
    """The first window of the cursor, whole; or its halves, where it has more orders than one message reads."""
    start, end = (datetime.fromisoformat(moment) for moment in cursor["windows"][0])
    further = cursor["windows"][1:]
    totals = [int(answer["paging"]["total"]) for answer in _first_answers(api, start, end)]
    if max(totals) > REACH and (parts := halves(start, end)):
        windows = [[part_start.isoformat(), part_end.isoformat()] for part_start, part_end in parts]
        return None, PageDone(cursor={"windows": windows + further})
    found, errors = readable(_listed(api, start, end, totals), read_order, "order")
    if max(totals) > OFFSET_CAP:
        errors.append(SyncError(code="window_too_dense", resource=start.isoformat(), at=now()))
    # The bounds are hours to Mercado Livre, so its list may hold the hour after; and an order is only its seller's.
    own = [order for order in found if order.seller_id == api.account.seller_id and start <= order.updated_at < end]
    window = Window(start, end, {order.id: order for order in sorted(own, key=lambda order: order.updated_at)})
    done = PageDone(
        cursor={"windows": further}, processed=Counters(orders=len(window.orders)), errors=errors, finished=not further
    )
    return window, done


def compare(session: TenantSession, account: ConnectedAccount, window: Window | None) -> Findings:
    """Writes what is missing or stale here, and has what Mercado Livre does not list read again by its id."""
    if window is None:
        return Findings()
    held = {
        row["id"]: row
        for row in queries.held_orders(session, account.id, list(window.orders), start=window.start, end=window.end)
    }
    missing = [order for order in window.orders.values() if order.id not in held]
    stale = [order for order in window.orders.values() if order.id in held and _is_older(held[order.id], order)]
    unlisted = [order_id for order_id, row in held.items() if row["inside"] and order_id not in window.orders]
    written = effects.apply(session, account, [Found(Resource(KIND, str(order.id)), order) for order in missing + stale])
    jobs.refetch(
        session,
        (
            Refetch(tenant_id=account.tenant_id, account_id=account.id, topic="orders_v2", resource=f"/orders/{order_id}")
            for order_id in unlisted
        ),
    )
    return Findings(
        theirs=len(window.orders),
        ours=sum(1 for row in held.values() if row["inside"]),
        missing=len(missing),
        stale=len(stale),
        unlisted=len(unlisted),
        repaired=written,
    )


def _is_older(row: Any, order: OrderDocument) -> bool:
    return bool(row["source_updated_at"] < order.updated_at)


def _first_answers(api: SellerApi, start: datetime, end: datetime) -> list[dict[str, Any]]:
    calls = [("/orders/search", search(api, start, end, 0, limit=1) | only) for only in LISTS]
    return [answer.document for answer in api.get_all(calls)]


def _listed(api: SellerApi, start: datetime, end: datetime, totals: Iterable[int]) -> list[dict[str, Any]]:
    calls = [
        ("/orders/search", search(api, start, end, offset) | only)
        for only, total in zip(LISTS, totals, strict=True)
        for offset in range(0, min(total, OFFSET_CAP), SEARCH_LIMIT)
    ]
    return [entry for answer in (api.get_all(calls) if calls else ()) for entry in answer.document["results"]]


SPEC = ScopeSpec(first_cursor, window_page, compare, depth=depth)
