"""Turns: how one tenant's backlog is kept from standing in front of everyone else's jobs (docs/decisions/0052).

A queue serves in order of arrival, whoever the messages are for. So a tenant's jobs wait in rows, and the queue holds turns:
messages that say no more than "jobs of this tenant's lane". A lane has only so many turns out. A turn does its jobs and goes
back to the end of the queue, for as long as jobs are due. A job that was put off costs no turn: a single sleeper, sent with a
delay, comes for the first of those.

Turns are sent before the commit that records them: one that comes early is told to come again, one that nobody recorded is
dropped. Every decision about a lane is taken with its row locked, so that no job is left without a turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, ValidationError

from painelml.core import lane_queries as queries
from painelml.core.clock import now
from painelml.core.config import config
from painelml.core.db import Row, TenantSession, tenant_session
from painelml.core.errors import NotFound, RetryLater
from painelml.core.observability import log_tenant, logger
from painelml.core.queues import DEFERRALS, LONGEST_DELAY, Batch, Message, Outgoing, send_all
from painelml.core.standing import TenantClosed

HELD = timedelta(seconds=120)  # longer than a worker may run
BELIEVED = timedelta(minutes=15)  # a turn not seen for so long is lost: longer than the queue hides a message whose worker died
EARLY_PAUSE, EARLY_PATIENCE = 1, 3


class Lane(StrEnum):
    """Counted apart, so that a backfill does not delay what notifications ask for."""

    SYNC = "sync"
    REFETCH = "refetch"


READS = 4  # together, by one turn: they take little longer than one, and leave room beside them for other tenants' reads


def _room(lane: Lane) -> tuple[int, int]:
    """How many turns a lane may have, and how many jobs each does. A page of a sync takes seconds, and a turn of its own."""
    return (config().tenant_in_flight, 1) if lane is Lane.SYNC else (1, READS)


@dataclass(frozen=True, slots=True)
class Job:
    """`key` is what it is about: of two jobs about the same thing one waits. `body` is a message of painelml-jobs."""

    key: str
    body: str


class Turn(BaseModel):
    """A message that stands for one job of a tenant's lane. `token` is good for one turn."""

    kind: Literal["turn"] = "turn"
    tenant_id: UUID
    lane: Lane
    token: UUID


@dataclass(slots=True)
class _State:
    """A lane's row, locked. `turns` are those that are believed in."""

    turns: dict[UUID, datetime]
    sleeper: UUID | None
    wakes_at: datetime | None


def put(session: TenantSession, lane: Lane, jobs: Iterable[Job]) -> int:
    """Adds jobs in the caller's transaction and opens turns for them; how many were given.

    A job that waits already, unchanged, stays where it is. One that is being worked on is done once more.
    """
    unique = {job.key: job.body for job in jobs}
    if not unique:
        return 0
    moment = now()
    queries.add_jobs(session, lane, keys=list(unique), bodies=list(unique.values()), moment=moment)
    _open(session, lane, _locked(session, lane, moment), most=len(unique), moment=moment)
    return len(unique)


def wake(session: TenantSession) -> None:
    """Gives a lane whose turns were all lost new ones."""
    moment = now()
    for lane in queries.waiting_lanes(session, moment=moment):
        _open(session, Lane(lane), _locked(session, Lane(lane), moment), most=_room(Lane(lane))[0], moment=moment)


def turns_of(lane: Lane, batch: Batch) -> list[Message]:
    """Which of these messages are turns of that lane."""
    return [message for message in batch if _lane_of(message) == lane]


def take(batch: Batch, messages: Iterable[Message], work: Callable[[Batch], None]) -> None:
    """Works the jobs of all these turns together, then passes each turn on.

    `work` gets them as a batch of its own. What is deferred there is put off in its row; what fails goes the queue's own way,
    where it is received five times and then kept for people to look at. Without its database a turn comes again, for the same.
    """
    begun: list[tuple[Message, Turn, list[Message]]] = []
    for message in messages:
        log_tenant(message.group)
        with batch.attempt(message), _closed_tenants_wait():
            turn = Turn.model_validate_json(message.body)
            if jobs := _begin(turn, message.deferrals):
                begun.append((message, turn, jobs))
    jobs_of_all = _Jobs([job for _, _, jobs in begun for job in jobs])
    work(jobs_of_all)
    for message, turn, jobs in begun:
        log_tenant(message.group)
        with batch.attempt(message), _closed_tenants_wait():
            _end(turn, jobs, jobs_of_all)


def _lane_of(message: Message) -> Lane | None:
    try:
        return Turn.model_validate_json(message.body).lane
    except ValidationError:
        return None


class _Jobs(Batch):
    """Jobs as a batch: what becomes of them is noted, for the transaction that passes their turn on."""

    def __init__(self, jobs: list[Message]) -> None:
        super().__init__({"Records": []}, config().require("queue_jobs"))
        self.messages = jobs
        self.put_off: dict[str, datetime] = {}

    def _defer(self, messages: Iterable[Message], seconds: int, reason: str) -> None:
        for message in messages:
            logger.info("job put off", extra={"reason": reason, "delay_seconds": seconds})
            self.put_off[message.id] = later(seconds)
            self.deferred.add(message.id)


@contextmanager
def _closed_tenants_wait() -> Generator[None]:
    """A tenant whose state does not allow it, or that is gone, gets no work done; its jobs stay."""
    try:
        yield
    except (TenantClosed, NotFound) as closed:
        logger.info("turn not taken", extra={"reason": closed.code})


def _begin(turn: Turn, deferrals: int) -> list[Message]:
    """The turn's jobs, as messages. Where there are none the turn is over."""
    with tenant_session(turn.tenant_id) as session:
        standing = queries.standing_of(session, turn.lane, turn.token)
        if standing is None:
            _come_again(deferrals)
            return []
        moment = now()
        held = (
            queries.hold_jobs(
                session, turn.lane, holder=turn.token, most=_room(turn.lane)[1], moment=moment, until=moment + HELD
            )
            if standing == "turn"
            else []
        )
        if not held:
            _pass_on(session, turn)
    return [_as_message(turn, row) for row in held]


def _end(turn: Turn, jobs: list[Message], done: _Jobs) -> None:
    keys = {job.id: job.id.removeprefix(_prefix(turn)) for job in jobs}
    later_ones = {keys[job.id]: done.put_off[job.id] for job in jobs if job.id in done.put_off}
    failed = [job for job in jobs if job.id in done.failed]
    _send([Outgoing(job.body, str(turn.tenant_id)) for job in failed])
    with tenant_session(turn.tenant_id) as session:
        queries.put_off(session, turn.lane, later_ones, holder=turn.token)
        queries.remove_jobs(session, turn.lane, sorted(keys.values() - later_ones.keys()), holder=turn.token)
        _pass_on(session, turn)


def _as_message(turn: Turn, row: Row) -> Message:
    return Message(
        id=_prefix(turn) + row["key"],
        body=row["body"],
        attributes={DEFERRALS: str(row["deferrals"])},
        group=str(turn.tenant_id),
        receives=1,
    )


def _prefix(turn: Turn) -> str:
    return f"{turn.tenant_id}/{turn.lane}/"


def later(seconds: int) -> datetime:
    """When a job that is put off for so long is due."""
    return now() + timedelta(seconds=seconds)


def _come_again(deferrals: int) -> None:
    if deferrals < EARLY_PATIENCE:
        raise RetryLater(EARLY_PAUSE, "the turn is not committed yet")
    logger.info("turn dropped: another has taken its place")


def _pass_on(session: TenantSession, turn: Turn) -> None:
    moment = now()
    state = _locked(session, turn.lane, moment)
    if turn.token in state.turns:
        del state.turns[turn.token]
        _open(session, turn.lane, state, most=1, moment=moment)
    elif state.sleeper == turn.token:
        state.sleeper = None
        _open(session, turn.lane, state, most=_room(turn.lane)[0], moment=moment)


def _sleep(session: TenantSession, lane: Lane, state: _State, moment: datetime) -> None:
    next_due: datetime | None = queries.next_due(session, lane, moment=moment)
    if next_due is None:
        return
    asleep = state.sleeper is not None and state.wakes_at is not None and state.wakes_at > moment - BELIEVED
    if asleep and state.wakes_at is not None and state.wakes_at <= next_due:
        return
    delay = min(LONGEST_DELAY, max(1, math.ceil((next_due - moment).total_seconds())))
    state.sleeper, state.wakes_at = uuid4(), moment + timedelta(seconds=delay)
    _send([_message(session, lane, state.sleeper, delay)])


def _open(session: TenantSession, lane: Lane, state: _State, *, most: int, moment: datetime) -> None:
    """Opens up to `most` turns more, if there are jobs for them, or a sleeper if there is none; keeps the lane's row.

    Jobs that are being worked on count, as the turns do that work on them: a turn goes on with the next job by itself.
    """
    allowed, size = _room(lane)
    due = queries.count_due(session, lane, turns=list(state.turns), most=allowed * size, moment=moment)
    if not due:
        _sleep(session, lane, state, moment)
    tokens = [uuid4() for _ in range(min(most, math.ceil(due / size) - len(state.turns)))]
    state.turns |= dict.fromkeys(tokens, moment + BELIEVED)
    _send([_message(session, lane, token) for token in tokens])
    turns = {str(token): until.isoformat() for token, until in state.turns.items()}
    queries.keep_lane(session, lane, turns=turns, sleeper=state.sleeper, wakes_at=state.wakes_at)


def _locked(session: TenantSession, lane: Lane, moment: datetime) -> _State:
    row = queries.lock_lane(session, lane)
    turns = {UUID(token): datetime.fromisoformat(until) for token, until in row["turns"].items()}
    believed = {token: until for token, until in turns.items() if until > moment}
    return _State(believed, row["sleeper"], row["wakes_at"])


def _message(session: TenantSession, lane: Lane, token: UUID, delay: int = 0) -> Outgoing:
    turn = Turn(tenant_id=session.tenant_id, lane=lane, token=token)
    return Outgoing(turn.model_dump_json(), str(session.tenant_id), delay)


def _send(messages: list[Outgoing]) -> None:
    send_all(config().require("queue_jobs"), messages)
