"""All SQL about the audit log (migrations/sql/0011_audit.sql).

A tenant has one chain, and it is at home: logins, which only the directory knows, are in it too, and it outlives a silo.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from painelml.core.db import Row, Session, TenantSession, as_json


def append(
    session: TenantSession, *, moment: datetime, event: str, actor: UUID | None, subject: str, details: Mapping[str, object]
) -> None:
    """The database fills in `sequence` and `hash`."""
    session.home.execute(
        """
        insert into app.audit_log (tenant_id, occurred_at, event, actor_id, subject, details)
        values (%(tenant_id)s, %(moment)s, %(event)s, %(actor)s, %(subject)s, %(details)s)
        """,
        moment=moment,
        event=event,
        actor=actor,
        subject=subject,
        details=as_json(dict(details)),
    )


def newest(
    session: TenantSession,
    *,
    below: int | None,
    event: str | None,
    actor: UUID | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
) -> list[Row]:
    """Newest first, from below the sequence number `below`; `since` is included, `until` is not."""
    return session.home.rows(
        """
        select sequence, occurred_at, event, actor_id, subject, details, encode(hash, 'hex') as hash
        from app.audit_log
        where tenant_id = %(tenant_id)s
            and (%(below)s::bigint is null or sequence < %(below)s)
            and (%(event)s::text is null or event = %(event)s)
            and (%(actor)s::uuid is null or actor_id = %(actor)s)
            and (%(since)s::timestamptz is null or occurred_at >= %(since)s)
            and (%(until)s::timestamptz is null or occurred_at < %(until)s)
        order by sequence desc
        limit %(limit)s
        """,
        below=below,
        event=event,
        actor=actor,
        since=since,
        until=until,
        limit=limit,
    )


def oldest(session: TenantSession, *, after: int, limit: int) -> list[Row]:
    """In the order of the chain, from above the sequence number `after`."""
    return session.home.rows(
        """
        select sequence, occurred_at, event, actor_id, subject, details, encode(hash, 'hex') as hash
        from app.audit_log
        where tenant_id = %(tenant_id)s and sequence > %(after)s
        order by sequence
        limit %(limit)s
        """,
        after=after,
        limit=limit,
    )


def head(session: TenantSession) -> Row | None:
    """`sequence` and `hash` of the newest entry, as the registry of chains holds them."""
    return session.home.one("select sequence, hash from app.own_audit_head()")


def house_tenant(session: Session) -> UUID | None:
    """Our own tenant; None before the first of our people was made."""
    found: UUID | None = session.value("select app.house_tenant()")
    return found
