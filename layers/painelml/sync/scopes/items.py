"""Listings, by a scan: the item search has no date filter and ends at 1,000 by offset. Then the prices of what has changed.

The prices come after the scan, because each is a call, and a scan must be read within minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from painelml.core.clock import now
from painelml.core.db import TenantSession, tenant_session
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api import bulk
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.errors import AccessRefused
from painelml.marketplace.items import queries
from painelml.marketplace.items.models import ItemDocument, SalePriceDocument, read_item
from painelml.marketplace.items.service import apply_items, apply_sale_prices, fetch_sale_price
from painelml.sync.models import Counters, PageDone, SyncError
from painelml.sync.scopes import scan
from painelml.sync.scopes.spec import ScopeSpec, readable

SCAN_LIMIT = 100
PRICES_PER_PAGE = 15  # a page must not outlast what the gate lets through at once


def first_cursor(days: int, newest: datetime | None) -> dict[str, Any]:  # noqa: ARG001 - a scan is always whole
    return dict(scan.BEGINNING)


def page(api: SellerApi, cursor: dict[str, Any]) -> tuple[Sequence[ItemDocument | SalePriceDocument], PageDone]:
    """A page of the scan; after its last, a page of prices."""
    return prices_page(api, cursor) if "prices_after" in cursor else items_page(api, cursor)


def prices_page(api: SellerApi, cursor: dict[str, Any]) -> tuple[list[SalePriceDocument], PageDone]:
    """What buyers pay for the next items that changed since they were asked about."""
    with tenant_session(api.account.tenant_id) as session:
        wanted = queries.to_be_priced(session, api.account.id, after=cursor["prices_after"], limit=PRICES_PER_PAGE)
    prices: list[SalePriceDocument] = []
    errors: list[SyncError] = []
    for item_id in wanted:
        try:
            prices.append(fetch_sale_price(api, item_id))
        except AccessRefused as refused:
            errors.append(SyncError(code=f"price_answered_{refused.status}", resource=item_id, at=now()))
        except ValidationError:
            errors.append(SyncError(code="unreadable_price", resource=item_id, at=now()))
    finished = len(wanted) < PRICES_PER_PAGE
    after = wanted[-1] if wanted else cursor["prices_after"]
    return prices, PageDone(cursor={"prices_after": after}, errors=errors, finished=finished)


def apply(session: TenantSession, account: ConnectedAccount, found: Sequence[ItemDocument | SalePriceDocument]) -> None:
    apply_items(session, account, [one for one in found if isinstance(one, ItemDocument)])
    apply_sale_prices(session, [one for one in found if isinstance(one, SalePriceDocument)])


def items_page(api: SellerApi, cursor: dict[str, Any]) -> tuple[list[ItemDocument], PageDone]:
    """A hundred ids of the scan, read twenty at a time in parallel. A scan that expired (five minutes) starts again."""
    answer = scan.page(api, f"/users/{api.account.seller_id}/items/search", cursor, first={"limit": SCAN_LIMIT})
    if answer is None:
        return [], scan.restarted(cursor)
    ids = list(dict.fromkeys(str(item_id) for item_id in answer["results"]))
    chunks = [ids[at : at + bulk.LIMIT] for at in range(0, len(ids), bulk.LIMIT)]
    answers = api.get_all([("/items/bulk", {"ids": ",".join(chunk)}) for chunk in chunks]) if chunks else []
    unwrapped = [bulk.unwrap(chunk, answer.document) for chunk, answer in zip(chunks, answers, strict=True)]
    items, unread = readable((body for bodies, _ in unwrapped for body in bodies), read_item, "item")
    refused = [
        SyncError(code=f"item_answered_{status}", resource=item_id, at=now())
        for _, refusals in unwrapped
        for status, item_id in refusals
    ]
    following = scan.following(answer, ids)
    total = answer.get("paging", {}).get("total")
    done = PageDone(
        cursor={"prices_after": ""} if following is None else {**cursor, "scroll_id": following},
        processed=Counters(items=len(items)),
        errors=refused + unread,
        expected=None if total is None else int(total),
    )
    return items, done


SPEC = ScopeSpec(first_cursor, page, apply, counts="items")
