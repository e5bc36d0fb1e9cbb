"""All SQL of the sync context."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from painelml.core.db import Row, TenantSession, as_json


def insert_run(
    session: TenantSession,
    *,
    run_id: UUID,
    account_id: UUID,
    scope: str,
    days: int,
    trigger: str,
    cursor: dict[str, Any],
    user_id: UUID | None,
    moment: datetime,
) -> bool:
    """False where one is running or paused already: the partial unique index decides, also between two that come at once."""
    return bool(
        session.execute(
            """
            insert into app.sync_runs
                (tenant_id, id, account_id, scope, days, trigger, cursor, requested_by, started_at, progressed_at)
            values (%(tenant_id)s, %(run_id)s, %(account_id)s, %(scope)s, %(days)s, %(trigger)s, %(cursor)s, %(user_id)s,
                    %(moment)s, %(moment)s)
            on conflict (tenant_id, account_id, scope) where status in ('running', 'paused') do nothing
            """,
            run_id=run_id,
            account_id=account_id,
            scope=scope,
            days=days,
            trigger=trigger,
            cursor=as_json(cursor),
            user_id=user_id,
            moment=moment,
        )
    )


def run(session: TenantSession, run_id: UUID) -> Row | None:
    return session.one(
        """
        select id, account_id, scope, days, trigger, status, page, cursor, items_processed, orders_processed,
               shipments_processed, questions_processed, messages_processed, claims_processed, payments_processed,
               charges_processed, expected, errors, started_at, progressed_at, finished_at
        from app.sync_runs where tenant_id = %(tenant_id)s and id = %(run_id)s
        """,
        run_id=run_id,
    )


def running(session: TenantSession, account_id: UUID, scope: str) -> Row | None:
    return session.one(
        """
        select id, page, started_at, progressed_at from app.sync_runs
        where tenant_id = %(tenant_id)s and account_id = %(account_id)s and scope = %(scope)s and status = 'running'
        """,
        account_id=account_id,
        scope=scope,
    )


def newest_update(session: TenantSession, account_id: UUID, scope: str) -> datetime | None:
    """Up to when every update of the scope was seen; None where it keeps no such stamp.

    A run that someone asked for may have left a gap before it, and does not count.
    """
    newest = session.value(
        """
        select cursor ->> 'newest' from app.sync_runs
        where tenant_id = %(tenant_id)s and account_id = %(account_id)s and scope = %(scope)s and status = 'done'
            and trigger <> 'manual'
        order by started_at desc limit 1
        """,
        account_id=account_id,
        scope=scope,
    )
    return datetime.fromisoformat(newest) if newest else None


def latest_runs(session: TenantSession, account_id: UUID) -> list[Row]:
    """The newest run of each scope."""
    return session.rows(
        """
        select distinct on (scope) id, account_id, scope, days, trigger, status, page, items_processed, orders_processed,
               shipments_processed, questions_processed, messages_processed, claims_processed, payments_processed,
               charges_processed, expected, errors, started_at, progressed_at, finished_at
        from app.sync_runs where tenant_id = %(tenant_id)s and account_id = %(account_id)s
        order by scope, started_at desc, id desc
        """,
        account_id=account_id,
    )


def runs(session: TenantSession, *, account_id: UUID | None, before: tuple[str, UUID], limit: int) -> list[Row]:
    return session.rows(
        """
        select id, account_id, scope, days, trigger, status, page, items_processed, orders_processed,
               shipments_processed, questions_processed, messages_processed, claims_processed, payments_processed,
               charges_processed, expected, errors, started_at, progressed_at, finished_at
        from app.sync_runs
        where tenant_id = %(tenant_id)s and (started_at, id) < (%(before)s::timestamptz, %(before_id)s)
          and (%(account_id)s::uuid is null or account_id = %(account_id)s)
        order by started_at desc, id desc limit %(limit)s
        """,
        account_id=account_id,
        before=before[0],
        before_id=before[1],
        limit=limit + 1,
    )


def turn_page(
    session: TenantSession,
    run_id: UUID,
    *,
    page: int,
    cursor: dict[str, Any],
    processed: dict[str, int],
    expected: int | None,
    errors: list[dict[str, Any]],
    moment: datetime,
) -> bool:
    """Moves a run from `page` to the next one. False where another worker did it, or the run is not running now."""
    return bool(
        session.execute(
            """
            update app.sync_runs
            set page = page + 1, cursor = %(cursor)s, progressed_at = %(moment)s,
                items_processed = items_processed + %(items)s, orders_processed = orders_processed + %(orders)s,
                shipments_processed = shipments_processed + %(shipments)s,
                questions_processed = questions_processed + %(questions)s,
                messages_processed = messages_processed + %(messages)s, claims_processed = claims_processed + %(claims)s,
                payments_processed = payments_processed + %(payments)s, charges_processed = charges_processed + %(charges)s,
                expected = coalesce(%(expected)s::bigint, expected),
                errors = case when jsonb_array_length(errors) < 100 then errors || %(errors)s else errors end
            where tenant_id = %(tenant_id)s and id = %(run_id)s and page = %(page)s and status = 'running'
            """,
            run_id=run_id,
            page=page,
            cursor=as_json(cursor),
            errors=as_json(errors),
            expected=expected,
            moment=moment,
            **processed,
        )
    )


def lock_run(session: TenantSession, run_id: UUID) -> Row | None:
    """The run as it is, held until the transaction ends."""
    return session.one(
        """
        select account_id, scope, status, page from app.sync_runs
        where tenant_id = %(tenant_id)s and id = %(run_id)s for update
        """,
        run_id=run_id,
    )


def change_status(session: TenantSession, run_id: UUID, *, status: str, moment: datetime) -> None:
    """Of a run that the caller holds."""
    session.execute(
        """
        update app.sync_runs
        set status = %(status)s, progressed_at = %(moment)s,
            finished_at = case when %(status)s = 'cancelled' then %(moment)s end
        where tenant_id = %(tenant_id)s and id = %(run_id)s
        """,
        run_id=run_id,
        status=status,
        moment=moment,
    )


def finish(session: TenantSession, run_id: UUID, *, status: str, errors: list[dict[str, Any]], moment: datetime) -> UUID | None:
    """Ends a running run; the account it was for, or None where it had ended already."""
    return cast(
        "UUID | None",
        session.value(
            """
            update app.sync_runs
            set status = %(status)s, finished_at = %(moment)s, progressed_at = %(moment)s, errors = errors || %(errors)s
            where tenant_id = %(tenant_id)s and id = %(run_id)s and status = 'running'
            returning account_id
            """,
            run_id=run_id,
            status=status,
            errors=as_json(errors),
            moment=moment,
        ),
    )


def touch(session: TenantSession, run_id: UUID, *, moment: datetime) -> None:
    session.execute(
        "update app.sync_runs set progressed_at = %(moment)s where tenant_id = %(tenant_id)s and id = %(run_id)s",
        run_id=run_id,
        moment=moment,
    )


# Reconciliations are runs that compare


def synced_since(session: TenantSession, account_id: UUID) -> datetime | None:
    """The earliest moment that a complete sync of orders has brought in; None before there is one."""
    return cast(
        "datetime | None",
        session.value(
            """
            select min(started_at - make_interval(days => days)) from app.sync_runs
            where tenant_id = %(tenant_id)s and account_id = %(account_id)s and scope = 'orders' and status = 'done'
              and trigger <> 'schedule'
            """,
            account_id=account_id,
        ),
    )


def last_full_check(session: TenantSession, account_id: UUID, *, since: datetime) -> datetime | None:
    """When a comparison last ended that reached back to `since`."""
    return cast(
        "datetime | None",
        session.value(
            """
            select max(finished_at) from app.sync_runs
            where tenant_id = %(tenant_id)s and account_id = %(account_id)s and scope = 'reconcile' and status = 'done'
              and started_at - make_interval(days => days) <= %(since)s
            """,
            account_id=account_id,
            since=since,
        ),
    )


def last_check(session: TenantSession, account_id: UUID) -> Row | None:
    """The newest comparison that has ended well."""
    return session.one(
        """
        select missing_found, stale_found, repaired_found, errors, finished_at from app.sync_runs
        where tenant_id = %(tenant_id)s and account_id = %(account_id)s and scope = 'reconcile' and status = 'done'
        order by started_at desc limit 1
        """,
        account_id=account_id,
    )


def held_orders(session: TenantSession, account_id: UUID, ids: Sequence[int], *, start: datetime, end: datetime) -> list[Row]:
    """`{id, source_updated_at, inside}` of the account's orders with these ids, and of those updated in `[start, end)`."""
    return session.rows(
        """
        select id, source_updated_at, source_updated_at >= %(start)s and source_updated_at < %(end)s as inside
        from app.orders
        where tenant_id = %(tenant_id)s and account_id = %(account_id)s
          and (id = any (%(ids)s::bigint[]) or source_updated_at >= %(start)s and source_updated_at < %(end)s)
        """,
        account_id=account_id,
        ids=ids,
        start=start,
        end=end,
    )


def add_findings(session: TenantSession, run_id: UUID, findings: dict[str, int]) -> None:
    session.execute(
        """
        update app.sync_runs
        set theirs_found = theirs_found + %(theirs)s, ours_found = ours_found + %(ours)s,
            missing_found = missing_found + %(missing)s, stale_found = stale_found + %(stale)s,
            unlisted_found = unlisted_found + %(unlisted)s, repaired_found = repaired_found + %(repaired)s
        where tenant_id = %(tenant_id)s and id = %(run_id)s
        """,
        run_id=run_id,
        **findings,
    )


def reconciliations(
    session: TenantSession, *, account_id: UUID | None, run_id: UUID | None, before: tuple[str, UUID], limit: int
) -> list[Row]:
    return session.rows(
        """
        select id, account_id, days, trigger, status, theirs_found, ours_found, missing_found, stale_found, unlisted_found,
               repaired_found, errors, started_at, progressed_at, finished_at
        from app.sync_runs
        where tenant_id = %(tenant_id)s and scope = 'reconcile' and (started_at, id) < (%(before)s::timestamptz, %(before_id)s)
          and (%(account_id)s::uuid is null or account_id = %(account_id)s)
          and (%(run_id)s::uuid is null or id = %(run_id)s)
        order by started_at desc, id desc limit %(limit)s
        """,
        account_id=account_id,
        run_id=run_id,
        before=before[0],
        before_id=before[1],
        limit=limit + 1,
    )
