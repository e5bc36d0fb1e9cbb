"""How long jobs wait, in a model of the queue and its workers with a clock of its own.

The queue serves in order of arrival, as the emulator does and as SQS may: it has no eye for whose the messages are. The workers
are the real handler with the real database, called one after the other in the order of the model's clock. What is made up is
time: reading from Mercado Livre takes what `SECONDS` says, ten reads at once as long as one, and everything else takes none.
"""

from __future__ import annotations

import heapq
import itertools
import json
import math
import random
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

from lambdas.sync_worker import jobs
from lambdas.sync_worker.handler import handler
from painelml.core import lanes, queues
from painelml.core.db import tenant_session
from painelml.core.lanes import Job, Lane
from painelml.core.queues import Batch, Message
from painelml.sync import work
from painelml.sync.models import PageJob
from painelml.webhooks import refetch
from tests.bench.result import percentile
from tests.people import sign_up
from tests.queues import invoke, record

SECONDS = {Lane.SYNC: 0.5, Lane.REFETCH: 0.2}
READS_AT_ONCE, BATCH = 10, 5
EPOCH = datetime(2026, 11, 25, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Arrival:
    """Jobs that a tenant is given at a moment, in seconds of the model."""

    at: float
    tenant: UUID
    lane: Lane
    names: tuple[str, ...]


@dataclass(slots=True)
class Model:
    """`put_at` and `done_at` are by job, `messages` counts what was sent to the queue."""

    workers: int
    clock: float = 0.0
    queue: list[tuple[float, int, str, str]] = field(default_factory=list)
    put_at: dict[tuple[UUID, str], float] = field(default_factory=dict)
    done_at: dict[tuple[UUID, str], float] = field(default_factory=dict)
    messages: int = 0
    on_page: Callable[[PageJob, int], None] = lambda *_: None
    _order: Any = field(default_factory=itertools.count)

    # The queue, as boto3's client: only what senders use

    def send_message(self, *, MessageBody: str, MessageGroupId: str, DelaySeconds: int = 0, **_: Any) -> None:
        self.messages += 1
        heapq.heappush(self.queue, (self.clock + DelaySeconds, next(self._order), MessageBody, MessageGroupId))

    def send_message_batch(self, *, Entries: Sequence[dict[str, Any]], QueueUrl: str) -> dict[str, Any]:
        for entry in Entries:
            self.send_message(**{name: value for name, value in entry.items() if name != "Id"}, QueueUrl=QueueUrl)
        return {}

    def _receive(self) -> list[dict[str, Any]]:
        received: list[dict[str, Any]] = []
        while self.queue and self.queue[0][0] <= self.clock and len(received) < BATCH:
            _, _, body, group = heapq.heappop(self.queue)
            received.append(record(body, group=group))
        return received

    # The workers

    def run(self, arrivals: Iterable[Arrival], *, until: float, in_lanes: bool = True) -> None:
        """Works until the queue is empty or the clock is there. `in_lanes` false: jobs go to the queue as they are."""
        coming = sorted(arrivals)
        free = [0.0] * self.workers
        with self.instead():
            while self.clock < until and (coming or self.queue):
                worker = min(range(self.workers), key=free.__getitem__)
                now = free[worker]
                while coming and coming[0].at <= now:
                    self.clock = coming[0].at
                    self._give(coming.pop(0), in_lanes=in_lanes)
                self.clock = now
                if received := self._receive():
                    assert invoke(handler, *received) == []
                    free[worker] = self.clock
                else:
                    nexts = [at for at in (coming[0].at if coming else None, self.queue[0][0] if self.queue else None) if at]
                    if not nexts:
                        return
                    free[worker] = max(now, min(nexts))

    def dwell(self, tenants: Iterable[UUID], lane: Lane, *, share: float = 0.95) -> float:
        """The percentile of the seconds from being asked for to being done, of these tenants' jobs of a lane."""
        wanted = set(tenants)
        waits = [
            self.done_at.get(job, math.inf) - at
            for job, at in self.put_at.items()
            if job[0] in wanted and job[1].startswith(lane)
        ]
        return percentile(waits, share)

    def _give(self, arrival: Arrival, *, in_lanes: bool) -> None:
        given = [Job(f"{arrival.lane}-{name}", _body(arrival.tenant, arrival.lane, name)) for name in arrival.names]
        self.put_at |= {(arrival.tenant, job.key): self.clock for job in given}
        if in_lanes:
            with tenant_session(arrival.tenant) as session:
                lanes.put(session, arrival.lane, given)
            return
        for job in given:
            self.send_message(MessageBody=job.body, MessageGroupId=str(arrival.tenant))

    @contextmanager
    def instead(self) -> Generator[None]:
        """Queue, clock and Mercado Livre are the model's."""
        with (
            patch.object(queues, "sqs", lambda: self),
            patch.object(lanes, "now", lambda: EPOCH + timedelta(seconds=self.clock)),
            patch.object(work, "page", self._page),
            patch.object(refetch, "work_through", self._reads),
            patch.object(jobs, "is_erased", lambda _: False),
        ):
            yield

    def _page(self, job: PageJob, *, deferrals: int) -> None:
        self.clock += SECONDS[Lane.SYNC]
        self.on_page(job, deferrals)
        self.done_at[job.tenant_id, f"{Lane.SYNC}-{job.run_id}"] = self.clock

    def _reads(self, _: Batch, messages: Sequence[Message]) -> None:
        self.clock += math.ceil(len(messages) / READS_AT_ONCE) * SECONDS[Lane.REFETCH]
        for message in messages:
            told = message.json()
            self.done_at[UUID(told["tenant_id"]), f"{Lane.REFETCH}-{told['resource']}"] = self.clock


@dataclass(frozen=True, slots=True)
class Load:
    """What tenants are given, on average: one to three reads every `reads_every` seconds, a page every `page_every`."""

    workers: int
    in_flight: int
    reads_every: float
    page_every: float

    def of(self, tenants: Iterable[UUID], *, seconds: float, seed: int = 7) -> list[Arrival]:
        chance = random.Random(seed)
        made = []
        for tenant in tenants:
            for lane, every, sizes in (
                (Lane.REFETCH, self.reads_every, (1, 1, 1, 2, 3)),
                (Lane.SYNC, self.page_every, (1,)),
            ):
                at = chance.uniform(0, every)
                while at < seconds:
                    made.append(Arrival(at, tenant, lane, _names(chance.choice(sizes))))
                    at += chance.expovariate(1 / every)
        return made


# Twenty tenants keep 45 % of the workers busy, as the profiles growth and economy have them (cdk_app/profiles.py).
ROOMY = Load(workers=6, in_flight=3, reads_every=2.7, page_every=8.3)
SMALL = Load(workers=2, in_flight=1, reads_every=8, page_every=25)


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds that the others' jobs took, by lane, at the 95th percentile; and how many of the whale's jobs were done."""

    p95: dict[Lane, float]
    whale_done: int


def compared(load: Load, *, reads: int, pages: int, seconds: float = 60) -> tuple[Waits, Waits]:
    """The same load of twenty tenants, alone and beside another that was given its backlog first."""
    others, whale = [sign_up().caller.tenant_id for _ in range(20)], sign_up().caller.tenant_id
    found = []
    for given in ([], backlog(whale, reads=reads, pages=pages)):
        model = Model(load.workers)
        model.run(load.of(others, seconds=seconds) + given, until=seconds + 15)
        done = sum(tenant == whale for tenant, _ in model.done_at)
        found.append(Waits({lane: model.dwell(others, lane) for lane in Lane}, done))
    return found[0], found[1]


def backlog(tenant: UUID, *, reads: int, pages: int) -> list[Arrival]:
    """What one tenant is given all at once, before anybody else comes."""
    return [Arrival(0, tenant, Lane.REFETCH, _names(reads)), Arrival(0, tenant, Lane.SYNC, _names(pages))]


def _names(count: int) -> tuple[str, ...]:
    return tuple(str(uuid4()) for _ in range(count))


def _body(tenant: UUID, lane: Lane, name: str) -> str:
    if lane is Lane.SYNC:
        return PageJob(tenant_id=tenant, run_id=UUID(name), page=0).model_dump_json()
    return json.dumps({"kind": "refetch", "tenant_id": str(tenant), "resource": name})
