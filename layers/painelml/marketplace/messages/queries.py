"""All SQL of conversations and messages. Every statement names the tenant, besides row-level security."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from painelml.core.db import Row, TenantSession
from painelml.core.pages import MORE
from painelml.marketplace.messages.models import ConversationDocument, MessageDocument


def upsert_conversations(
    session: TenantSession,
    account_id: UUID,
    conversations: Iterable[ConversationDocument],
    *,
    moment: datetime,
) -> list[str]:
    """Writes what is at least as new as what is held, conversations and each message by itself; the message ids written."""
    newest = {found.pack_id: found for found in sorted(conversations, key=lambda found: found.updated_at)}
    fresh = [newest[pack_id] for pack_id in sorted(newest)]  # one order for all writers, so that they cannot deadlock
    if not fresh:
        return []
    session.execute(
        """
        insert into app.conversations as held
            (tenant_id, pack_id, account_id, status, substatus, last_message_at, source_updated_at, synced_at, raw)
        select %(tenant_id)s, pack_id, %(account_id)s, status, substatus, last_message_at, updated_at, %(moment)s, raw
        from unnest(
            %(pack_id)s::bigint[], %(status)s::text[], %(substatus)s::text[], %(last_message_at)s::timestamptz[],
            %(updated_at)s::timestamptz[], %(raw)s::jsonb[]
        ) as fresh (pack_id, status, substatus, last_message_at, updated_at, raw)
        on conflict (tenant_id, pack_id) do update
        set account_id = excluded.account_id, status = excluded.status, substatus = excluded.substatus,
            last_message_at = greatest(held.last_message_at, excluded.last_message_at),
            source_updated_at = excluded.source_updated_at, synced_at = excluded.synced_at, raw = excluded.raw
        where excluded.source_updated_at >= held.source_updated_at
        """,
        account_id=account_id,
        moment=moment,
        pack_id=[found.pack_id for found in fresh],
        status=[found.status for found in fresh],
        substatus=[found.substatus for found in fresh],
        last_message_at=[found.last_message_at for found in fresh],
        updated_at=[found.updated_at for found in fresh],
        raw=[json.dumps(found.raw) for found in fresh],
    )
    written = _upsert_messages(session, account_id, fresh, moment=moment)
    _count_unread(session, [found.pack_id for found in fresh])
    return written


def _upsert_messages(
    session: TenantSession, account_id: UUID, conversations: Sequence[ConversationDocument], *, moment: datetime
) -> list[str]:
    newest: dict[str, tuple[ConversationDocument, MessageDocument]] = {
        message.id: (found, message)
        for found in conversations
        for message in sorted(found.messages, key=lambda message: message.updated_at)
    }
    fresh = [newest[message_id] for message_id in sorted(newest)]
    written = session.rows(
        """
        insert into app.messages as held
            (tenant_id, id, account_id, pack_id, from_seller, text, status, moderation_status, moderation_reason, attachments,
             date_created, read_at, source_updated_at, synced_at, raw)
        select %(tenant_id)s, id, %(account_id)s, pack_id, from_seller, text, status, moderation_status, moderation_reason,
               attachments, date_created, read_at, updated_at, %(moment)s, raw
        from unnest(
            %(id)s::text[], %(pack_id)s::bigint[], %(from_seller)s::boolean[], %(text)s::text[], %(status)s::text[],
            %(moderation_status)s::text[], %(moderation_reason)s::text[], %(attachments)s::jsonb[],
            %(date_created)s::timestamptz[], %(read_at)s::timestamptz[], %(updated_at)s::timestamptz[], %(raw)s::jsonb[]
        ) as fresh (id, pack_id, from_seller, text, status, moderation_status, moderation_reason, attachments, date_created,
                    read_at, updated_at, raw)
        on conflict (tenant_id, id) do update
        set account_id = excluded.account_id, pack_id = excluded.pack_id, from_seller = excluded.from_seller,
            text = case when excluded.text = '' then held.text else excluded.text end, status = excluded.status,
            moderation_status = excluded.moderation_status, moderation_reason = excluded.moderation_reason,
            attachments = excluded.attachments, date_created = excluded.date_created, read_at = excluded.read_at,
            source_updated_at = excluded.source_updated_at, synced_at = excluded.synced_at, raw = excluded.raw
        where excluded.source_updated_at >= held.source_updated_at
        returning id
        """,
        account_id=account_id,
        moment=moment,
        id=[message.id for _, message in fresh],
        pack_id=[found.pack_id for found, _ in fresh],
        from_seller=[message.sender_id == found.seller_id for found, message in fresh],
        text=[message.text for _, message in fresh],
        status=[message.status for _, message in fresh],
        moderation_status=[message.moderation_status for _, message in fresh],
        moderation_reason=[message.moderation_reason for _, message in fresh],
        attachments=[json.dumps([one.model_dump() for one in message.attachments or ()]) for _, message in fresh],
        date_created=[message.date_created for _, message in fresh],
        read_at=[message.read_at for _, message in fresh],
        updated_at=[message.updated_at for _, message in fresh],
        raw=[json.dumps(message.raw) for _, message in fresh],
    )
    return [row["id"] for row in written]


def _count_unread(session: TenantSession, pack_ids: Sequence[int]) -> None:
    """Of the buyer's, by what is held now: a stale document does not turn the count back."""
    session.execute(
        """
        update app.conversations c
        set unread = (
            select count(*) from app.messages m
            where m.tenant_id = %(tenant_id)s and m.pack_id = c.pack_id and not m.from_seller and m.read_at is null
        )
        where c.tenant_id = %(tenant_id)s and c.pack_id = any (%(pack_ids)s::bigint[])
        """,
        pack_ids=pack_ids,
    )


def conversation(session: TenantSession, pack_id: int) -> Row | None:
    return session.one(
        """
        select pack_id, account_id, status, substatus, unread, last_message_at, source_updated_at
        from app.conversations where tenant_id = %(tenant_id)s and pack_id = %(pack_id)s
        """,
        pack_id=pack_id,
    )


def pack_of_order(session: TenantSession, order_id: int) -> int | None:
    """Where the order's conversation is: its pack, or itself. None for an order that is not held."""
    pack_id: int | None = session.value(
        "select coalesce(pack_id, id) from app.orders where tenant_id = %(tenant_id)s and id = %(order_id)s",
        order_id=order_id,
    )
    return pack_id


def messages(session: TenantSession, pack_id: int, *, before: tuple[str, str], limit: int) -> list[Row]:
    return session.rows(
        """
        select id, pack_id, account_id, from_seller, text, status, moderation_status, moderation_reason, attachments,
               date_created, read_at
        from app.messages
        where tenant_id = %(tenant_id)s and pack_id = %(pack_id)s
          and (date_created, id) < (%(before)s::timestamptz, %(before_id)s)
        order by date_created desc, id desc limit %(limit)s
        """,
        pack_id=pack_id,
        before=before[0],
        before_id=before[1],
        limit=limit + MORE,
    )


def message(session: TenantSession, message_id: str) -> Row | None:
    return session.one(
        """
        select id, pack_id, account_id, from_seller, text, status, moderation_status, moderation_reason, attachments,
               date_created, read_at
        from app.messages where tenant_id = %(tenant_id)s and id = %(message_id)s
        """,
        message_id=message_id,
    )


def sales_before(
    session: TenantSession, account_id: UUID, *, since: datetime, before: tuple[str, int], limit: int
) -> list[Row]:
    """Orders of the account, newest first, with where their conversation is."""
    return session.rows(
        """
        select id, date_created, coalesce(pack_id, id) as pack_id from app.orders
        where tenant_id = %(tenant_id)s and account_id = %(account_id)s and date_created >= %(since)s
          and (date_created, id) < (%(before)s::timestamptz, %(before_id)s)
        order by date_created desc, id desc limit %(limit)s
        """,
        account_id=account_id,
        since=since,
        before=before[0],
        before_id=before[1],
        limit=limit,
    )
