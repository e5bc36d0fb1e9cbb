"""Listings, by a scan: the item search has no date filter and ends at 1,000 by offset."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from painelml.core.clock import now
from painelml.marketplace.api import bulk
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.errors import CallRefused
from painelml.marketplace.items.models import ItemDocument, read_item
from painelml.marketplace.items.service import apply_items
from painelml.sync.models import Counters, PageDone, SyncError
from painelml.sync.scopes.spec import ScopeSpec, readable

SCAN_LIMIT = 100
SCAN_RESTARTS = 3


def first_cursor(days: int, newest: datetime | None) -> dict[str, Any]:  # noqa: ARG001 - a scan is always whole
    return {"scroll_id": None, "restarts": 0}


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
    chunks = [ids[at : at + bulk.LIMIT] for at in range(0, len(ids), bulk.LIMIT)]
    answers = api.get_all([("/items/bulk", {"ids": ",".join(chunk)}) for chunk in chunks]) if chunks else []
    unwrapped = [bulk.unwrap(chunk, answer.document) for chunk, answer in zip(chunks, answers, strict=True)]
    items, unread = readable((body for bodies, _ in unwrapped for body in bodies), read_item, "item")
    refused = [
        SyncError(code=f"item_answered_{status}", resource=item_id, at=now())
        for _, refusals in unwrapped
        for status, item_id in refusals
    ]
    # The newest documentation says to send the latest scroll_id received, and null ends the scan; so does an empty page.
    following = scan.get("scroll_id") if ids else None
    total = scan.get("paging", {}).get("total")
    done = PageDone(
        cursor={"scroll_id": following, "restarts": cursor["restarts"]},
        processed=Counters(items=len(items)),
        errors=refused + unread,
        finished=following is None,
        expected=None if total is None else int(total),
    )
    return items, done


SPEC = ScopeSpec(first_cursor, items_page, apply_items, counts="items")
