"""Conversations after the sale: Mercado Livre lists only the unread ones, so the others are found by our own orders.

What is unread comes with every run; the orders' conversations with the first one and then once a day, for a week back.
Notifications keep them up to date between runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from painelml.core.clock import now
from painelml.core.db import tenant_session
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.errors import CallRefused, TokenRejected
from painelml.marketplace.messages import queries
from painelml.marketplace.messages.models import ConversationDocument, place_of
from painelml.marketplace.messages.service import TAG, apply_conversations, fetch_conversations
from painelml.sync.models import Counters, PageDone, SyncError
from painelml.sync.scopes.spec import ScopeSpec

AT_ONCE = 10
MOST_SALES = 1_000  # a call each, of the 500 a minute that all tenants share
TALK = timedelta(days=30)  # after that Mercado Livre closes a conversation (blocked_by_time)
WHOLE_EVERY = timedelta(hours=23)  # a little less than a day, so that it comes at about the same hour
LOOK_BACK = timedelta(days=7)


def first_cursor(days: int, newest: datetime | None) -> dict[str, Any]:
    """`newest` is when the last run began that looked at the orders' conversations."""
    moment = now()
    if newest is None:
        since: datetime | None = moment - min(timedelta(days=days), TALK)
    else:
        since = newest - LOOK_BACK if moment - newest >= WHOLE_EVERY else None
    return {
        "unread": None,
        "since": since.isoformat() if since else None,
        "before": None,
        "sales": 0,
        "newest": (moment if since or newest is None else newest).isoformat(),
    }


def messages_page(api: SellerApi, cursor: dict[str, Any]) -> tuple[list[ConversationDocument], PageDone]:
    """First the list of what is unread, then ten conversations at a time, then ten orders' at a time."""
    if cursor["unread"] is None:
        return [], PageDone(cursor={**cursor, "unread": _unread(api)})
    if cursor["unread"]:
        return _read(api, cursor["unread"][:AT_ONCE], {**cursor, "unread": cursor["unread"][AT_ONCE:]})
    if cursor["since"] is None or cursor["sales"] >= MOST_SALES:
        return [], PageDone(cursor=cursor, finished=True)
    before = cursor["before"] or ["infinity", 0]
    with tenant_session(api.account.tenant_id) as session:
        sales = queries.sales_before(
            session,
            api.account.id,
            since=datetime.fromisoformat(cursor["since"]),
            before=(before[0], before[1]),
            limit=AT_ONCE,
        )
    if not sales:
        return [], PageDone(cursor=cursor, finished=True)
    after = {
        **cursor,
        "before": [sales[-1]["date_created"].isoformat(), sales[-1]["id"]],
        "sales": cursor["sales"] + len(sales),
    }
    return _read(api, list(dict.fromkeys(sale["pack_id"] for sale in sales)), after)


def _unread(api: SellerApi) -> list[int]:
    """Packs of the up to 500 conversations with something unread."""
    results = api.get("/messages/unread", role="seller", tag=TAG).document["results"]
    places = (place_of(str(result.get("resource", ""))) for result in results)
    return [pack_id for pack_id, seller_id in places if pack_id is not None and seller_id == api.account.seller_id]


def _read(api: SellerApi, pack_ids: Sequence[int], after: dict[str, Any]) -> tuple[list[ConversationDocument], PageDone]:
    """All at the same time; if one is refused, one by one, so that it is an error of its own and keeps no other back."""
    errors: list[SyncError] = []
    try:
        found = fetch_conversations(api, pack_ids)
    except TokenRejected:
        raise
    except (CallRefused, ValidationError):
        found = []
        for pack_id in pack_ids:
            try:
                found += fetch_conversations(api, [pack_id])
            except (CallRefused, ValidationError) as refused:
                code = f"conversation_{getattr(refused, 'code', 'unreadable')}"[:60]
                errors.append(SyncError(code=code, resource=str(pack_id), at=now()))
    written = [conversation for conversation in found if conversation.messages]
    counted = Counters(messages=sum(len(conversation.messages) for conversation in written))
    return written, PageDone(cursor=after, processed=counted, errors=errors)


SPEC = ScopeSpec(first_cursor, messages_page, apply_conversations, follows="orders")
