"""Where the chaos happens: a system whose parts can be killed and started again, seen from outside."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psutil
import psycopg

from ops import postgres, processes, valkey
from ops.aws import LocalAws
from ops.home import Home
from tests.chaos.verdict import Held
from tests.servers import wait_until
from tests.simulator import Simulator

TOPICS = ("orders_v2", "items")  # what the judge compares
QUEUES = ("webhooks", "jobs")
COUNTED = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
# A batch of a killed worker comes back after this long; as deployed, that is six times the function's timeout.
VISIBLE_AGAIN_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Account:
    """A connected account of a tenant."""

    tenant_id: UUID
    seller_id: int


@contextmanager
def without_variables() -> Iterator[None]:
    """`ops` takes PAINEL_DATABASE_URL for a server of the user's own."""
    hidden = {name: os.environ.pop(name) for name in ("PAINEL_DATABASE_URL", "PAINEL_CACHE_URL") if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


class Site(ABC):
    """`home` knows the parts' processes; `sim` is Mercado Livre. Everything is killed by the pid that we started."""

    home: Home
    sim: Simulator

    @abstractmethod
    def open(self, *, tenants: int, accounts: int) -> list[Account]:
        """New tenants with connected accounts, shared out evenly; their first syncs may still be under way."""

    @abstractmethod
    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """What a scheduled function answers."""

    @abstractmethod
    def worker_pids(self) -> list[int]:
        """The processes that do the work of the queues now."""

    @abstractmethod
    def revive_workers(self) -> None:
        """Has as many workers as before again."""

    @abstractmethod
    def restart_emulator(self) -> None:
        """After a kill: what it held in its queues is gone, and what a deployment brings is back."""

    @property
    def aws(self) -> LocalAws:
        return LocalAws(self.home)

    # Killing

    def kill(self, part: str) -> None:
        """kill -9 of `postgres`, `valkey` or `emulator` with all its processes; of one process for `worker`."""
        if part == "worker":
            wait_until(lambda: bool(self.worker_pids()), seconds=60, what="a worker to be killed")
            _kill([psutil.Process(self.worker_pids()[0])])
            return
        process = processes.running(self.home, part)
        assert process is not None, f"{part} is not running"
        _kill([process, *process.children(recursive=True)])

    def restart(self, part: str) -> None:
        starters: dict[str, Callable[[], object]] = {
            "worker": self.revive_workers,
            "postgres": lambda: _up(postgres.up, self.home),
            "valkey": lambda: _up(valkey.up, self.home),
            "emulator": self.restart_emulator,
        }
        starters[part]()

    # Queues

    def queued(self, *names: str) -> int:
        """Messages of the queues that wait, are delayed or are being worked on. Read in the order in which work flows."""
        client, waiting = self.aws.client("sqs"), 0
        for name in names or QUEUES:
            url = client.get_queue_url(QueueName=f"painelml-local-{name}")["QueueUrl"]
            told = client.get_queue_attributes(QueueUrl=url, AttributeNames=list(COUNTED))["Attributes"]
            waiting += sum(int(told[one]) for one in COUNTED)
        return waiting

    def wait_until_idle(self, seconds: float) -> None:
        wait_until(lambda: self.queued() == 0, seconds=seconds, what="the end of all queued work", pause=0.5)

    def shorten_visibility(self) -> None:
        client = self.aws.client("sqs")
        for name in QUEUES:
            url = client.get_queue_url(QueueName=f"painelml-local-{name}")["QueueUrl"]
            client.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(VISIBLE_AGAIN_SECONDS)})

    # The database, read as the functions' role, tenant by tenant: nothing here can see more than they do

    def held(self) -> dict[UUID, Held]:
        """What every tenant holds."""
        return {tenant_id: self._held(tenant_id) for tenant_id in self.tenants()}

    def applied(self) -> int:
        """Effects so far."""
        return sum(int(self.ask(one, "select count(*) from app.outbox_events")[0][0]) for one in self.tenants())

    def syncing(self) -> int:
        """Runs that have not ended."""
        running = "select count(*) from app.sync_runs where status = 'running'"
        return sum(int(self.ask(one, running)[0][0]) for one in self.tenants())

    def tenants(self) -> list[UUID]:
        return [row[0] for row in self.as_owner("select id from directory.tenants order by id")]

    def let_time_pass(self, purpose: str) -> None:
        """Makes a schedule due for every account, and what waits to be read older than a job can be deferred."""
        self.as_owner("update directory.account_schedules set due_at = now() - interval '1 second' where purpose = %s", purpose)
        for tenant_id in self.tenants():
            self.ask(tenant_id, "update app.refetches set touched_at = touched_at - interval '21 minutes'")

    def ask(self, tenant_id: UUID, sql: str, *params: Any) -> list[Any]:
        with psycopg.connect(self._urls().app) as connection:
            connection.execute("select app.enter_tenant(%s)", [tenant_id])
            cursor = connection.execute(sql, params)
            return cursor.fetchall() if cursor.description else []

    def as_owner(self, sql: str, *params: Any) -> list[Any]:
        with psycopg.connect(self._urls().owner) as connection:
            connection.execute("set role owner")
            cursor = connection.execute(sql, params)
            return cursor.fetchall() if cursor.description else []

    def _urls(self) -> postgres.DatabaseUrls:
        with without_variables():
            return postgres.urls(self.home)

    def _held(self, tenant_id: UUID) -> Held:
        orders = self.ask(tenant_id, "select '/orders/' || id, status, source_updated_at from app.orders")
        items = self.ask(tenant_id, "select '/items/' || id, status, source_updated_at from app.items")
        notifications = self.ask(tenant_id, "select event_key, resource, status from app.notifications")
        effects = "select resource, version, count(*) from app.outbox_events group by resource, version"
        return Held(
            resources={row[0]: (row[1], row[2]) for row in (*orders, *items)},
            notifications={row[0]: (row[1], row[2]) for row in notifications},
            effects={(row[0], row[1]): row[2] for row in self.ask(tenant_id, effects)},
            waiting=int(self.ask(tenant_id, "select count(*) from app.refetches")[0][0]),
        )


def _up(start: Callable[[Home], bool], home: Home) -> None:
    with without_variables():
        start(home)


def _kill(family: list[psutil.Process]) -> None:
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=10)
