"""All SQL of lanes."""

from __future__ import annotations

from collections.abc import Sequence
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


def hold_job(session: TenantSession, lane: str, *, holder: UUID, moment: datetime, until: datetime) -> Row | None:
    """The job that is due longest and that nobody works on, or that this turn held already when its worker died.

    The choice is a scalar subquery, which is made once: one in the from clause may be made again for each row.
    """
    return session.one(
        """
        update app.jobs set holder = %(holder)s, held_until = %(until)s
        where tenant_id = %(tenant_id)s and lane = %(lane)s and key = (
            select key from app.jobs
            where tenant_id = %(tenant_id)s and lane = %(lane)s and due_at <= %(moment)s
                and (holder is null or holder = %(holder)s or held_until <= %(moment)s)
            order by due_at limit 1 for update skip locked
        )
        returning key, body, deferrals
        """,
        lane=lane,
        holder=holder,
        moment=moment,
        until=until,
    )


def remove_job(session: TenantSession, lane: str, key: str, *, holder: UUID) -> None:
    """Unless it was asked for again meanwhile."""
    session.execute(
        """
        delete from app.jobs
        where tenant_id = %(tenant_id)s and lane = %(lane)s and key = %(key)s and holder = %(holder)s
        """,
        lane=lane,
        key=key,
        holder=holder,
    )


def put_off(session: TenantSession, lane: str, key: str, *, holder: UUID, due: datetime) -> None:
    session.execute(
        """
        update app.jobs set due_at = %(due)s, deferrals = deferrals + 1, holder = null, held_until = null
        where tenant_id = %(tenant_id)s and lane = %(lane)s and key = %(key)s and holder = %(holder)s
        """,
        lane=lane,
        key=key,
        holder=holder,
        due=due,
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
