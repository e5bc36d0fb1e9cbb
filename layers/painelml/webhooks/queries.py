"""All SQL of the webhooks context."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from painelml.core.clock import rfc3339
from painelml.core.db import Row, Session, TenantSession, as_json
from painelml.core.ids import uuid7
from painelml.marketplace.effects.models import SOURCE
from painelml.webhooks.models import ReplayRequest, Wanted
from painelml.webhooks.parse import Notification, Rejection


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


def mark_handled(
    session: TenantSession, account_id: UUID, resources: Sequence[str], *, until: datetime, moment: datetime
) -> int:
    """Notifications of the resources that came before these were read."""
    return session.execute(
        """
        update app.notifications set status = 'handled', handled_at = %(moment)s
        where tenant_id = %(tenant_id)s and account_id = %(account_id)s and resource = any (%(resources)s::text[])
          and status = 'received' and received_at <= %(until)s
        """,
        account_id=account_id,
        resources=resources,
        until=until,
        moment=moment,
    )


def matching_notifications(
    session: TenantSession, wanted: ReplayRequest, *, after: tuple[datetime, str] | None, limit: int
) -> list[Row]:
    """A page of those that had, or could have had, an effect: oldest first, after the key `(received_at, event_key)`."""
    return session.rows(
        """
        select event_key, account_id, topic, resource, received_at from app.notifications
        where tenant_id = %(tenant_id)s and source = %(source)s and status <> 'ignored'
          and (%(state)s = 'all' or status = %(state)s)
          and (%(key)s::text is null or event_key = %(key)s)
          and (%(topic)s::text is null or topic = %(topic)s)
          and (%(since)s::timestamptz is null or received_at >= %(since)s)
          and (%(until)s::timestamptz is null or received_at < %(until)s)
          and (received_at, event_key) > (%(after)s::timestamptz, %(after_key)s)
        order by received_at, event_key limit %(limit)s
        """,
        source=SOURCE,
        state=wanted.state,
        key=wanted.notification,
        topic=wanted.topic,
        since=wanted.since,
        until=wanted.until,
        after=after[0] if after else "-infinity",
        after_key=after[1] if after else "",
        limit=limit,
    )


# What is to be read again. Rows are locked in the order of their keys, so that two workers cannot deadlock.


def ask_for(session: TenantSession, wanted: Sequence[Wanted], *, moment: datetime) -> list[Row]:
    """Notes what is to be read again: `{resource, account_id, topic}` of those that no job is on its way for."""
    return [
        row
        for row in session.rows(
            """
            insert into app.refetches (tenant_id, resource, account_id, topic, touched_at)
            select %(tenant_id)s, resource, account_id, topic, %(moment)s
            from unnest(%(resources)s::text[], %(accounts)s::uuid[], %(topics)s::text[]) as fresh (resource, account_id, topic)
            order by resource
            on conflict (tenant_id, resource) do update set again = true
            returning resource, account_id, topic, again
            """,
            resources=[one.resource for one in wanted],
            accounts=[one.account_id for one in wanted],
            topics=[one.topic for one in wanted],
            moment=moment,
        )
        if not row["again"]
    ]


def begin_refetches(session: TenantSession, resources: Sequence[str], *, moment: datetime) -> None:
    """From here on, whatever comes about these resources asks for another read."""
    session.execute(
        """
        with held as (
            select resource from app.refetches
            where tenant_id = %(tenant_id)s and resource = any (%(resources)s::text[]) order by resource for update
        )
        update app.refetches r set again = false, touched_at = %(moment)s
        from held where r.tenant_id = %(tenant_id)s and r.resource = held.resource
        """,
        resources=resources,
        moment=moment,
    )


def end_refetches(session: TenantSession, resources: Sequence[str]) -> list[Row]:
    """Forgets what was read; `{resource, account_id, topic}` of what was asked for again meanwhile, which stays."""
    return session.rows(
        """
        with held as (
            select resource, account_id, topic, again from app.refetches
            where tenant_id = %(tenant_id)s and resource = any (%(resources)s::text[]) order by resource for update
        ), gone as (
            delete from app.refetches r using held
            where r.tenant_id = %(tenant_id)s and r.resource = held.resource and not held.again
        )
        select resource, account_id, topic from held where again
        """,
        resources=resources,
    )


def revive_refetches(session: TenantSession, account_id: UUID, *, before: datetime, moment: datetime) -> list[Row]:
    """`{resource, account_id, topic}` of what has shown no sign of life since `before`: its job was lost."""
    return session.rows(
        """
        update app.refetches set touched_at = %(moment)s
        where tenant_id = %(tenant_id)s and account_id = %(account_id)s and touched_at < %(before)s
        returning resource, account_id, topic
        """,
        account_id=account_id,
        before=before,
        moment=moment,
    )


def hear_topics(session: Session, topics: Sequence[str], *, moment: datetime) -> None:
    session.value("select app.hear_topics(%(topics)s::text[], %(moment)s)", topics=topics, moment=moment)


def topic_pulse(session: Session) -> list[Row]:
    return session.rows("select topic, heard_at from app.topic_pulse()")


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
