"""What tenants read of their conversations with buyers, and the one way a message gets into the tables.

Every read of a conversation says `mark_as_read=false`: without it Mercado Livre takes the seller for having read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from painelml.core.clock import now
from painelml.core.db import Row, TenantSession
from painelml.core.errors import NotFound
from painelml.core.pages import newest_first, page_of
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.errors import ResourceMissing
from painelml.marketplace.messages import queries
from painelml.marketplace.messages.models import (
    Conversation,
    ConversationDocument,
    FoundMessage,
    Message,
    MessagePage,
    pack_of,
    read_conversation,
    read_message,
)
from painelml.marketplace.ownership import checked

LAST_ID = "\U0010ffff"
TAG = "post_sale"
PAGE = 50
MOST = 500
"""Messages of one conversation that are read; no real one comes near it."""


def list_messages(session: TenantSession, pack_id: int, *, limit: int, cursor: str | None) -> MessagePage:
    """A conversation, newest message first; raises NotFound for one that is not held."""
    row = queries.conversation(session, pack_id)
    if row is None:
        raise NotFound
    rows = queries.messages(session, pack_id, before=newest_first(cursor, str, LAST_ID), limit=limit)
    page = page_of([_message(row) for row in rows], limit, key=lambda message: (message.created_at, message.id))
    return MessagePage(data=page.data, next_cursor=page.next_cursor, conversation=_conversation(row))


def list_messages_of_order(session: TenantSession, order_id: int, *, limit: int, cursor: str | None) -> MessagePage:
    """The conversation of an order, which is its pack's where it has one."""
    pack_id = queries.pack_of_order(session, order_id)
    if pack_id is None:
        raise NotFound
    return list_messages(session, pack_id, limit=limit, cursor=cursor)


def find_message(session: TenantSession, message_id: str) -> Message:
    row = queries.message(session, message_id)
    if row is None:
        raise NotFound
    return _message(row)


def fetch_message(api: SellerApi, message_id: str) -> FoundMessage:
    """A message by its id, as notifications name it, and the conversation around it as Mercado Livre has it now."""
    detail = api.get(f"/messages/{message_id}", tag=TAG).document
    entries = detail.get("messages", [detail])
    message = next((found for found in map(read_message, entries) if found.id == message_id), None)
    pack_id = pack_of(detail)
    if message is None or pack_id is None:
        raise ResourceMissing(404, "message_without_conversation")
    [conversation] = fetch_conversations(api, [pack_id])
    held = next((one for one in conversation.messages if one.id == message_id), None)
    if held is None:
        conversation.messages.append(message)
    return FoundMessage(held or message, conversation)


def fetch_conversations(api: SellerApi, pack_ids: Sequence[int]) -> list[ConversationDocument]:
    """Whole conversations, in the order of the ids; the first error wins."""
    answers = api.get_all([_call(api, pack_id, 0) for pack_id in pack_ids])
    return [_whole(api, pack_id, answer.document) for pack_id, answer in zip(pack_ids, answers, strict=True)]


def apply_conversations(
    session: TenantSession, account: ConnectedAccount, conversations: Sequence[ConversationDocument]
) -> list[str]:
    """Writes what is at least as new as what is held; the message ids written. Raises AccessRefused for another seller's.

    A sale about which nobody wrote is no conversation.
    """
    owned = [checked(conversation, account) for conversation in conversations if conversation.messages]
    return queries.upsert_conversations(session, account.id, owned, moment=now())


def apply_messages(session: TenantSession, account: ConnectedAccount, messages: Sequence[FoundMessage]) -> list[str]:
    """Writes the conversations of these messages, as apply_conversations()."""
    return apply_conversations(session, account, [found.conversation for found in messages])


def _call(api: SellerApi, pack_id: int, offset: int) -> tuple[str, dict[str, str | int]]:
    path = f"/messages/packs/{pack_id}/sellers/{api.account.seller_id}"
    return path, {"tag": TAG, "mark_as_read": "false", "limit": PAGE, "offset": offset}


def _whole(api: SellerApi, pack_id: int, first: dict[str, Any]) -> ConversationDocument:
    entries = list(first["messages"])
    total = min(int(first["paging"]["total"]), MOST)
    while len(entries) < total:
        path, params = _call(api, pack_id, len(entries))
        more = api.get(path, **params).document["messages"]
        if not more:
            break
        entries += more
    return read_conversation(first, entries)


def _conversation(row: Row) -> Conversation:
    return Conversation(
        pack_id=str(row["pack_id"]),
        account_id=row["account_id"],
        status=row["status"],
        substatus=row["substatus"],
        unread=row["unread"],
        last_message_at=row["last_message_at"],
        updated_at=row["source_updated_at"],
    )


def _message(row: Row) -> Message:
    return Message(
        id=row["id"],
        pack_id=str(row["pack_id"]),
        account_id=row["account_id"],
        sender="seller" if row["from_seller"] else "buyer",
        text=row["text"],
        status=row["status"],
        moderation_status=row["moderation_status"],
        moderation_reason=row["moderation_reason"],
        attachments=row["attachments"],
        created_at=row["date_created"],
        read_at=row["read_at"],
    )
