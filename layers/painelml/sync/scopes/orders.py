"""Orders, by windows of `date_last_updated`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from painelml.core.clock import now
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.orders.models import OrderDocument, read_order
from painelml.marketplace.orders.service import apply_orders
from painelml.sync.models import Counters, PageDone, SyncError
from painelml.sync.scopes.spec import ScopeSpec, later, readable
from painelml.sync.windows import first_windows, halves, settled

SEARCH_LIMIT = 50  # above 51 the search answers 400
OFFSET_CAP = 10_000  # and past this offset too
SEARCHES_PER_PAGE = 4


def first_cursor(days: int, newest: datetime | None) -> dict[str, Any]:
    """`newest` is what the next run starts from; `uncounted` is how many windows, from the end, are not in `expected` yet."""
    began = now()
    windows = first_windows(began, days=days, newest=newest)
    return {
        "windows": [[start.isoformat(), end.isoformat()] for start, end in windows],
        "offset": 0,
        "total": None,
        "newest": newest.isoformat() if newest else None,
        "began": began.isoformat(),
        "uncounted": len(windows),
        "expected": 0,
    }


def orders_page(api: SellerApi, cursor: dict[str, Any]) -> tuple[list[OrderDocument], PageDone]:
    """Up to four searches of the first window, the later three at the same time.

    A window with more orders than the offset can reach is split. Where orders left the window, between two pages or between the
    searches of this one, the rest moved up: it is read again from as many places before. The cursor's `newest` is the greatest
    update stamp of all pages: results are sorted by `date_closed`, so the last row says nothing.
    """
    start, end = (datetime.fromisoformat(moment) for moment in cursor["windows"][0])
    further, offset = cursor["windows"][1:], cursor["offset"]
    first = api.get("/orders/search", **search(api, start, end, offset)).document
    total = _total(first)
    cursor = _counted(cursor, total)
    if total > OFFSET_CAP and (parts := halves(start, end)):
        windows = [[part_start.isoformat(), part_end.isoformat()] for part_start, part_end in parts]
        return [], _done({**cursor, "windows": windows + further, "offset": 0, "total": None})
    before = total if cursor["total"] is None else cursor["total"]
    if total < before:
        return [], _done(_stepped_back(cursor, offset, before, total))
    reach = min(total, OFFSET_CAP)
    offsets = range(offset + SEARCH_LIMIT, min(reach, offset + SEARCHES_PER_PAGE * SEARCH_LIMIT), SEARCH_LIMIT)
    calls = [("/orders/search", search(api, start, end, place)) for place in offsets]
    answers = [first, *(answer.document for answer in (api.get_all(calls) if calls else ()))]
    orders, errors = readable((entry for answer in answers for entry in answer["results"]), read_order, "order")
    newest = settled(max((order.updated_at for order in orders), default=None), began=_began(cursor))
    cursor = {**cursor, "total": total, "newest": later(cursor["newest"], newest)}
    if (least := min(map(_total, answers))) < total:
        return orders, _done(_stepped_back(cursor, offset, total, least), orders, errors)
    after = offset + SEARCH_LIMIT * len(answers)
    if after < reach:
        return orders, _done({**cursor, "offset": after}, orders, errors)
    if total > reach:
        errors.append(SyncError(code="window_too_dense", resource=start.isoformat(), at=now()))
    return orders, _done({**cursor, "windows": further, "offset": 0, "total": None}, orders, errors)


def _done(cursor: dict[str, Any], orders: Sequence[OrderDocument] = (), errors: list[SyncError] | None = None) -> PageDone:
    return PageDone(
        cursor=cursor,
        processed=Counters(orders=len(orders), payments=sum(len(order.payments or ()) for order in orders)),
        errors=errors or [],
        finished=not cursor["windows"],
        expected=cursor["expected"],
    )


def _stepped_back(cursor: dict[str, Any], offset: int, before: int, total: int) -> dict[str, Any]:
    return {**cursor, "offset": max(0, offset - (before - total)), "total": total}


def _counted(cursor: dict[str, Any], total: int) -> dict[str, Any]:
    """With the window's orders in `expected`, once: the parts of a window that was split are in it already."""
    held = len(cursor["windows"])
    uncounted, expected = cursor.get("uncounted", 0), cursor.get("expected", 0)
    if held > uncounted:
        return {**cursor, "expected": expected}
    return {**cursor, "uncounted": held - 1, "expected": expected + total}


def _began(cursor: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(cursor["began"]) if "began" in cursor else now()


def _total(document: dict[str, Any]) -> int:
    return int(document["paging"]["total"])


def search(api: SellerApi, start: datetime, end: datetime, offset: int, limit: int = SEARCH_LIMIT) -> dict[str, str | int]:
    """What to ask /orders/search for a part of a window."""
    return {
        "seller": api.account.seller_id,
        "order.date_last_updated.from": start.isoformat(timespec="milliseconds"),
        "order.date_last_updated.to": end.isoformat(timespec="milliseconds"),
        "sort": "date_asc",
        "limit": limit,
        "offset": offset,
    }


SPEC = ScopeSpec(first_cursor, orders_page, apply_orders, counts="orders")
