"""All SQL of outgoing messages. Every statement names the tenant, besides row-level security."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from painelml.core.db import Row, TenantSession, as_json


def place(session: TenantSession, pack_id: int) -> Row | None:
    """`account_id` and `buyer_id` (null where it is not known) of a pack, or of an order without one."""
    return session.one(
        """
        select account_id, buyer_id from app.orders
        where tenant_id = %(tenant_id)s and (pack_id = %(pack_id)s or (id = %(pack_id)s and pack_id is null))
        union all
        select account_id, null from app.conversations where tenant_id = %(tenant_id)s and pack_id = %(pack_id)s
        limit 1
        """,
        pack_id=pack_id,
    )


def add(
    session: TenantSession,
    outgoing_id: UUID,
    *,
    account_id: UUID,
    pack_id: int,
    text: str,
    attachments: Sequence[str],
    user_id: UUID,
    moment: datetime,
) -> None:
    session.execute(
        """
        insert into app.outgoing_messages (tenant_id, id, account_id, pack_id, text, attachments, requested_by, created_at)
        values (%(tenant_id)s, %(outgoing_id)s, %(account_id)s, %(pack_id)s, %(text)s, %(attachments)s, %(user_id)s, %(moment)s)
        """,
        outgoing_id=outgoing_id,
        account_id=account_id,
        pack_id=pack_id,
        text=text,
        attachments=as_json(list(attachments)),
        user_id=user_id,
        moment=moment,
    )


def outgoing(session: TenantSession, outgoing_id: UUID) -> Row | None:
    return session.one(
        """
        select id, account_id, pack_id, text, attachments, status, reason, message_id, created_at, settled_at
        from app.outgoing_messages where tenant_id = %(tenant_id)s and id = %(outgoing_id)s
        """,
        outgoing_id=outgoing_id,
    )


def begin(session: TenantSession, outgoing_id: UUID) -> bool:
    """False where somebody else has begun to send it."""
    return bool(
        session.execute(
            """
            update app.outgoing_messages set status = 'sending'
            where tenant_id = %(tenant_id)s and id = %(outgoing_id)s and status = 'queued'
            """,
            outgoing_id=outgoing_id,
        )
    )


def put_back(session: TenantSession, outgoing_id: UUID) -> None:
    """Nothing left: it may be sent again."""
    session.execute(
        """
        update app.outgoing_messages set status = 'queued'
        where tenant_id = %(tenant_id)s and id = %(outgoing_id)s and status = 'sending'
        """,
        outgoing_id=outgoing_id,
    )


def settle(
    session: TenantSession, outgoing_id: UUID, *, status: str, reason: str | None, message_id: str | None, moment: datetime
) -> None:
    session.execute(
        """
        update app.outgoing_messages
        set status = %(status)s, reason = %(reason)s, message_id = %(message_id)s, settled_at = %(moment)s
        where tenant_id = %(tenant_id)s and id = %(outgoing_id)s and status in ('queued', 'sending')
        """,
        outgoing_id=outgoing_id,
        status=status,
        reason=reason,
        message_id=message_id,
        moment=moment,
    )
