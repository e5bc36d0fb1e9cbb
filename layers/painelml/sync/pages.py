"""One page of a run: what to ask Mercado Livre next, given the cursor, and the cursor after it. No database here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from painelml.core.clock import now
from painelml.marketplace.errors import CallRefused, UnknownEnvelope
from painelml.marketplace.models import ItemDocument, OrderDocument, read_item, read_order
from painelml.marketplace.tokens import SellerApi
from painelml.sync.models import PageDone, SyncError
from painelml.sync.windows import first_window, halves

T = TypeVar("T")

SEARCH_LIMIT = 50  # above 51 the search answers 400
OFFSET_CAP = 10_000  # and past this offset too
SEARCHES_PER_PAGE = 4
SCAN_LIMIT = 100
BULK_LIMIT = 20
SCAN_RESTARTS = 3


def first_cursor(scope: str, *, days: int, newest: datetime | None) -> dict[str, Any]:
    """Where a run starts. `newest` is the newest order update that a complete run has seen."""
    if scope == "items":
        return {"scroll_id": None, "restarts": 0}
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
    later, offset = cursor["windows"][1:], cursor["offset"]
    first = api.get("/orders/search", **_search(api, start, end, offset)).document
    total = int(first["paging"]["total"])
    if total > OFFSET_CAP and (parts := halves(start, end)):
        windows = [[part_start.isoformat(), part_end.isoformat()] for part_start, part_end in parts]
        return [], PageDone(cursor={**cursor, "windows": windows + later, "offset": 0, "total": None})
    if cursor["total"] is not None and total < cursor["total"]:
        # Orders left the window while we paged, so the rest moved up: step back by as many, or some would never be read.
        step = cursor["total"] - total
        return [], PageDone(cursor={**cursor, "offset": max(0, offset - step), "total": total})
    reach = min(total, OFFSET_CAP)
    offsets = range(offset + SEARCH_LIMIT, min(reach, offset + SEARCHES_PER_PAGE * SEARCH_LIMIT), SEARCH_LIMIT)
    calls = [("/orders/search", _search(api, start, end, further)) for further in offsets]
    answers = [first, *(answer.document for answer in (api.get_all(calls) if calls else ()))]
    orders, errors = _read((entry for answer in answers for entry in answer["results"]), read_order, "order")
    after = offset + SEARCH_LIMIT * len(answers)
    window_done = after >= reach
    if window_done and total > reach:
        errors.append(SyncError(code="window_too_dense", resource=start.isoformat(), at=now()))
    newest = max((order.updated_at for order in orders), default=None)
    done = PageDone(
        cursor={
            "windows": later if window_done else cursor["windows"],
            "offset": 0 if window_done else after,
            "total": None if window_done else total,
            "newest": _later(cursor["newest"], newest),
        },
        orders=len(orders),
        errors=errors,
        finished=window_done and not later,
    )
    return orders, done


def items_page(api: SellerApi, cursor: dict[str, Any]) -> tuple[list[ItemDocument], PageDone]:
    """A hundred ids of the scan, read twenty at a time in parallel. A scan that expired (five minutes) starts again."""
    scroll_id = cursor["scroll_id"]
    where = {"scroll_id": scroll_id} if scroll_id else {"limit": SCAN_LIMIT}
    try:
        scan = api.get(f"/users/{api.account.seller_id}/items/search", search_type="scan", **where).document
    except CallRefused:
        if scroll_id is None or cursor["restarts"] >= SCAN_RESTARTS:
            raise
        return [], PageDone(cursor={"scroll_id": None, "restarts": cursor["restarts"] + 1})
    ids = list(dict.fromkeys(str(item_id) for item_id in scan["results"]))
    chunks = [ids[at : at + BULK_LIMIT] for at in range(0, len(ids), BULK_LIMIT)]
    answers = api.get_all([("/items/bulk", {"ids": ",".join(chunk)}) for chunk in chunks]) if chunks else []
    bodies, errors = _unwrap((chunk, answer.document) for chunk, answer in zip(chunks, answers, strict=True))
    items, unread = _read(bodies, read_item, "item")
    # The newest documentation says to send the latest scroll_id received, and null ends the scan; so does an empty page.
    following = scan.get("scroll_id") if ids else None
    done = PageDone(
        cursor={"scroll_id": following, "restarts": cursor["restarts"]},
        items=len(items),
        errors=errors + unread,
        finished=following is None,
    )
    return items, done


def _search(api: SellerApi, start: datetime, end: datetime, offset: int) -> dict[str, str | int]:
    return {
        "seller": api.account.seller_id,
        "order.date_last_updated.from": start.isoformat(timespec="milliseconds"),
        "order.date_last_updated.to": end.isoformat(timespec="milliseconds"),
        "sort": "date_asc",
        "limit": SEARCH_LIMIT,
        "offset": offset,
    }


def _unwrap(answers: Iterable[tuple[list[str], Any]]) -> tuple[list[dict[str, Any]], list[SyncError]]:
    """The items of multiget answers, `[{status_code, id, body}]` as it is or `[{code, body}]` as it was."""
    bodies: list[dict[str, Any]] = []
    errors: list[SyncError] = []
    for asked, entries in answers:
        if not isinstance(entries, list):
            raise UnknownEnvelope("multiget: not a list")
        for position, entry in enumerate(entries):
            status = entry.get("status_code", entry.get("code")) if isinstance(entry, dict) else None
            if not isinstance(status, int):
                raise UnknownEnvelope("multiget: an entry without a status")
            if status in (200, 206):
                if not isinstance(entry.get("body"), dict):
                    raise UnknownEnvelope("multiget: an entry without a body")
                bodies.append(entry["body"])
            elif status != 404:  # an item that is gone since the scan is no error
                resource = asked[position] if position < len(asked) else None
                errors.append(SyncError(code=f"item_answered_{status}", resource=resource, at=now()))
    return bodies, errors


def _read(
    documents: Iterable[dict[str, Any]], read: Callable[[dict[str, Any]], T], kind: str
) -> tuple[list[T], list[SyncError]]:
    """What can be read; a document that cannot is an error of its own and does not stop the page."""
    good: list[T] = []
    errors: list[SyncError] = []
    for document in documents:
        try:
            good.append(read(document))
        except ValidationError:
            errors.append(SyncError(code=f"unreadable_{kind}", resource=str(document.get("id", ""))[:40], at=now()))
    return good, errors


def _later(held: str | None, newest: datetime | None) -> str | None:
    if newest is None:
        return held
    if held is None:
        return newest.isoformat()
    return max(datetime.fromisoformat(held), newest).isoformat()
