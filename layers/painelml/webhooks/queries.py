"""All SQL of the webhooks context."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from painelml.core.clock import rfc3339
from painelml.core.db import Session, TenantSession, as_json
from painelml.core.ids import uuid7
from painelml.webhooks.parse import SOURCE, Notification, Rejection


def file_notifications(session: TenantSession, named: Sequence[tuple[UUID, Notification]]) -> set[str]:
    """Stores `(account, notification)` pairs; the keys of those that were not there before."""
    rows = session.rows(
        """
        insert into app.notifications
            (tenant_id, source, event_key, account_id, topic, resource, attempts, status, sent_at, received_at)
        select %(tenant_id)s, %(source)s, event_key, account_id, topic, resource, attempts, status, sent_at, received_at
        from unnest(
            %(event_key)s::text[], %(account_id)s::uuid[], %(topic)s::text[], %(resource)s::text[], %(attempts)s::integer[],
            %(status)s::text[], %(sent_at)s::timestamptz[], %(received_at)s::timestamptz[]
        ) as fresh (event_key, account_id, topic, resource, attempts, status, sent_at, received_at)
        order by event_key
        on conflict do nothing
        returning event_key
        """,
        source=SOURCE,
        event_key=[one.key for _, one in named],
        account_id=[account_id for account_id, _ in named],
        topic=[one.topic for _, one in named],
        resource=[one.resource for _, one in named],
        attempts=[min(one.attempts, 1000) for _, one in named],
        status=["received" if one.is_handled else "ignored" for _, one in named],
        sent_at=[one.sent_at for _, one in named],
        received_at=[one.received_at for _, one in named],
    )
    return {row["event_key"] for row in rows}


def mark_handled(session: TenantSession, account_id: UUID, resource: str, *, until: datetime, moment: datetime) -> int:
    """Notifications of `resource` that came before it was read."""
    return session.execute(
        """
        update app.notifications set status = 'handled', handled_at = %(moment)s
        where tenant_id = %(tenant_id)s and account_id = %(account_id)s and resource = %(resource)s
          and status = 'received' and received_at <= %(until)s
        """,
        account_id=account_id,
        resource=resource,
        until=until,
        moment=moment,
    )


def enter_inbox(session: TenantSession, event_key: str) -> bool:
    """True for the first time in this tenant. The primary key decides, and holds a second one until the first commits."""
    # No conflict target: without the key every insert succeeds, and a test that takes the key away sees the effect twice.
    return bool(
        session.execute(
            """
            insert into app.inbox_events (tenant_id, source, event_key)
            values (%(tenant_id)s, %(source)s, %(event_key)s)
            on conflict do nothing
            """,
            source=SOURCE,
            event_key=event_key,
        )
    )


def put_in_outbox(session: TenantSession, *, kind: str, resource: str, version: str, payload: dict[str, Any]) -> None:
    session.execute(
        """
        insert into app.outbox_events (tenant_id, id, kind, resource, version, payload)
        values (%(tenant_id)s, %(event_id)s, %(kind)s, %(resource)s, %(version)s, %(payload)s)
        """,
        event_id=uuid7(),
        kind=kind,
        resource=resource,
        version=version,
        payload=as_json(payload),
    )


def file_rejections(session: Session, rejections: Sequence[Rejection]) -> None:
    session.value(
        "select app.file_rejections(%(rejections)s)",
        rejections=as_json(
            [
                {
                    "id": str(uuid7()),
                    "source": SOURCE,
                    "reason": one.reason,
                    "topic": one.topic,
                    "source_ip": one.source_ip,
                    "excerpt": one.excerpt,
                    "received_at": rfc3339(one.received_at),
                }
                for one in rejections
            ]
        ),
    )


def file_provider_event(
    session: Session,
    *,
    source: str,
    event_id: str,
    event_type: str,
    livemode: bool,
    status: str,
    body: dict[str, Any],
    created_at: datetime | None,
    received_at: datetime,
) -> bool:
    """True where the event is new."""
    return bool(
        session.value(
            """
            select app.file_provider_event(
                %(event)s, %(source)s, %(event_id)s, %(event_type)s, %(livemode)s, %(status)s, %(body)s, %(created_at)s,
                %(received_at)s)
            """,
            event=uuid7(),
            source=source,
            event_id=event_id,
            event_type=event_type,
            livemode=livemode,
            status=status,
            body=as_json(body),
            created_at=created_at,
            received_at=received_at,
        )
    )


def prune_rejections(session: Session, before: datetime, page: int) -> int:
    return int(session.value("select app.prune_rejections(%(before)s, %(page)s)", before=before, page=page))


def prune_provider_events(session: Session, before: datetime, page: int) -> int:
    return int(session.value("select app.prune_provider_events(%(before)s, %(page)s)", before=before, page=page))


def prune_notifications(session: TenantSession, *, before: datetime) -> int:
    return session.execute(
        "delete from app.notifications where tenant_id = %(tenant_id)s and received_at < %(before)s", before=before
    )
