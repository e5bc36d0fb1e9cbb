"""All SQL of lanes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from painelml.core.db import Row, TenantSession, as_json


def add_jobs(session: TenantSession, lane: str, *, keys: Sequence[str], bodies: Sequence[str], moment: datetime) -> None:
    """A job that waits already, unchanged, is left alone; one that is being worked on will be done once more."""
    session.execute(
        """
        insert into app.jobs (tenant_id, lane, key, body, due_at)
        select %(tenant_id)s, %(lane)s, j.key, j.body, %(moment)s
        from unnest(%(keys)s::text[], %(bodies)s::text[]) as j (key, body)
        on conflict (tenant_id, lane, key) do update
        set body = excluded.body, due_at = excluded.due_at, deferrals = 0, holder = null, held_until = null
        where jobs.holder is not null or jobs.body <> excluded.body
        """,
        lane=lane,
        keys=keys,
        bodies=bodies,
        moment=moment,
    )


def hold_jobs(session: TenantSession, lane: str, *, holder: UUID, most: int, moment: datetime, until: datetime) -> list[Row]:
    """The jobs that are due longest and that nobody works on, or that this turn held already when its worker died.

    The choice is a subquery that refers to nothing outside, which is made once; in a from clause it may be made for each row.
    """
    return session.rows(
        """
        update app.jobs set holder = %(holder)s, held_until = %(until)s
        where tenant_id = %(tenant_id)s and lane = %(lane)s and key = any (array(
            select key from app.jobs
            where tenant_id = %(tenant_id)s and lane = %(lane)s and due_at <= %(moment)s
                and (holder is null or holder = %(holder)s or held_until <= %(moment)s)
            order by due_at limit %(most)s for update skip locked
        ))
        returning key, body, deferrals
        """,
        lane=lane,
        holder=holder,
        moment=moment,
        until=until,
        most=most,
    )


def remove_jobs(session: TenantSession, lane: str, keys: Sequence[str], *, holder: UUID) -> None:
    """Those that were not asked for again meanwhile."""
    session.execute(
        """
        delete from app.jobs
        where tenant_id = %(tenant_id)s and lane = %(lane)s and key = any (%(keys)s::text[]) and holder = %(holder)s
        """,
        lane=lane,
        keys=keys,
        holder=holder,
    )


def put_off(session: TenantSession, lane: str, due: Mapping[str, datetime], *, holder: UUID) -> None:
    """Each of these until it is due, unless it was asked for again meanwhile."""
    session.execute(
        """
        update app.jobs j set due_at = later.due, deferrals = deferrals + 1, holder = null, held_until = null
        from unnest(%(keys)s::text[], %(due)s::timestamptz[]) as later (key, due)
        where j.tenant_id = %(tenant_id)s and j.lane = %(lane)s and j.key = later.key and j.holder = %(holder)s
        """,
        lane=lane,
        keys=list(due),
        due=list(due.values()),
        holder=holder,
    )


def count_due(session: TenantSession, lane: str, *, turns: Sequence[UUID], most: int, moment: datetime) -> int:
    """How many jobs are due, or being worked on by one of these turns, counted no further than `most`."""
    return cast(
        int,
        session.value(
            """
            select count(*) from (
                select from app.jobs
                where tenant_id = %(tenant_id)s and lane = %(lane)s and due_at <= %(moment)s
                    and (holder is null or held_until <= %(moment)s or holder = any(%(turns)s::uuid[]))
                limit %(most)s
            ) due
            """,
            lane=lane,
            turns=turns,
            most=most,
            moment=moment,
        ),
    )


def next_due(session: TenantSession, lane: str, *, moment: datetime) -> datetime | None:
    return cast(
        "datetime | None",
        session.value(
            """
            select min(due_at) from app.jobs
            where tenant_id = %(tenant_id)s and lane = %(lane)s and due_at > %(moment)s
            """,
            lane=lane,
            moment=moment,
        ),
    )


def waiting_lanes(session: TenantSession, *, moment: datetime) -> list[str]:
    rows = session.rows(
        "select distinct lane from app.jobs where tenant_id = %(tenant_id)s and due_at <= %(moment)s order by lane",
        moment=moment,
    )
    return [row["lane"] for row in rows]


def lock_lane(session: TenantSession, lane: str) -> Row:
    """The lane's row, made if it is not there, and held until the transaction ends."""
    (row,) = session.rows(
        """
        insert into app.lanes (tenant_id, lane) values (%(tenant_id)s, %(lane)s)
        on conflict (tenant_id, lane) do update set lane = excluded.lane
        returning turns, sleeper, wakes_at
        """,
        lane=lane,
    )
    return row


def keep_lane(
    session: TenantSession, lane: str, *, turns: dict[str, str], sleeper: UUID | None, wakes_at: datetime | None
) -> None:
    session.execute(
        """
        update app.lanes set turns = %(turns)s, sleeper = %(sleeper)s, wakes_at = %(wakes_at)s
        where tenant_id = %(tenant_id)s and lane = %(lane)s
        """,
        lane=lane,
        turns=as_json(turns),
        sleeper=sleeper,
        wakes_at=wakes_at,
    )


def standing_of(session: TenantSession, lane: str, token: UUID) -> Literal["turn", "sleeper"] | None:
    """What the lane knows a message as; None for one that it does not know (yet, or any more)."""
    return cast(
        "Literal['turn', 'sleeper'] | None",
        session.value(
            """
            select case when turns ? %(token)s then 'turn' when sleeper = %(token)s::uuid then 'sleeper' end
            from app.lanes where tenant_id = %(tenant_id)s and lane = %(lane)s
            """,
            lane=lane,
            token=str(token),
        ),
    )
