"""Orders, by windows of `date_last_updated`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from painelml.core.clock import now
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.orders.models import OrderDocument, read_order
from painelml.marketplace.orders.service import apply_orders
from painelml.sync.models import Counters, PageDone, SyncError
from painelml.sync.scopes.spec import ScopeSpec, later, readable
from painelml.sync.windows import first_window, halves

SEARCH_LIMIT = 50  # above 51 the search answers 400
OFFSET_CAP = 10_000  # and past this offset too
SEARCHES_PER_PAGE = 4


def first_cursor(days: int, newest: datetime | None) -> dict[str, Any]:
    start, end = first_window(now(), days=days, newest=newest)
    return {
        "windows": [[start.isoformat(), end.isoformat()]],
        "offset": 0,
        "total": None,
        "newest": newest.isoformat() if newest else None,
    }


def orders_page(api: SellerApi, cursor: dict[str, Any]) -> tuple[list[OrderDocument], PageDone]:
    """Up to four searches of the first window, the later three at the same time.

    A window with more orders than the offset can reach is split. The cursor's `newest` is the greatest update stamp of all
    pages: results are sorted by `date_closed`, so the last row says nothing.
    """
    start, end = (datetime.fromisoformat(moment) for moment in cursor["windows"][0])
    further, offset = cursor["windows"][1:], cursor["offset"]
    first = api.get("/orders/search", **search(api, start, end, offset)).document
    total = int(first["paging"]["total"])
    if total > OFFSET_CAP and (parts := halves(start, end)):
        windows = [[part_start.isoformat(), part_end.isoformat()] for part_start, part_end in parts]
        return [], PageDone(cursor={**cursor, "windows": windows + further, "offset": 0, "total": None})
    if cursor["total"] is not None and total < cursor["total"]:
        # Orders left the window while we paged, so the rest moved up: step back by as many, or some would never be read.
        step = cursor["total"] - total
        return [], PageDone(cursor={**cursor, "offset": max(0, offset - step), "total": total})
    reach = min(total, OFFSET_CAP)
    offsets = range(offset + SEARCH_LIMIT, min(reach, offset + SEARCHES_PER_PAGE * SEARCH_LIMIT), SEARCH_LIMIT)
    calls = [("/orders/search", search(api, start, end, place)) for place in offsets]
    answers = [first, *(answer.document for answer in (api.get_all(calls) if calls else ()))]
    orders, errors = readable((entry for answer in answers for entry in answer["results"]), read_order, "order")
    after = offset + SEARCH_LIMIT * len(answers)
    window_done = after >= reach
    if window_done and total > reach:
        errors.append(SyncError(code="window_too_dense", resource=start.isoformat(), at=now()))
    newest = max((order.updated_at for order in orders), default=None)
    done = PageDone(
        cursor={
            "windows": further if window_done else cursor["windows"],
            "offset": 0 if window_done else after,
            "total": None if window_done else total,
            "newest": later(cursor["newest"], newest),
        },
        processed=Counters(orders=len(orders), payments=sum(len(order.payments or ()) for order in orders)),
        errors=errors,
        finished=window_done and not further,
    )
    return orders, done


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


SPEC = ScopeSpec(first_cursor, orders_page, apply_orders)
