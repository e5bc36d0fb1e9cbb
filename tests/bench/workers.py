"""What the webhook worker does a second in batches, against one message at a time; and what the dispatcher holds in memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import psycopg

from tests.bench.result import Result
from tests.platform import everything
from tests.servers import Database

NOTIFICATIONS, BATCH = 1_000, 10
ACCOUNTS_FEW, ACCOUNTS_MANY = 1_000, 10_000
DISPATCH = """
import json
from lambdas.sync_dispatcher.handler import handler
class Context: aws_request_id = "bench"
sent = handler({"spread_seconds": 0}, Context())["sent"]
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"sent": sent, "mib": int(peak) / 1024}))
"""


def run() -> Iterator[Result]:
    with TemporaryDirectory() as folder, everything(Path(folder)) as (database, sim):
        yield _worker_rate(sim)
        yield _dispatcher_memory(database)


def _worker_rate(sim: Any) -> Result:
    from lambdas.webhook_worker.handler import handler
    from painelml.core.secrets import secret
    from tests.people import sign_up
    from tests.queues import invoke, record
    from tests.sellers import connect, notification

    seller = sim.seller()
    connect(sign_up(), sim, seller)
    genuine = {"path_token": secret("webhooks")["mercado_livre_token"], "source_ip": "127.0.0.1", "source": "mercado-livre"}

    def storm(batch: int) -> float:
        told = [notification(seller, f"/orders/{10**15 + i}", _id=str(uuid4())) for i in range(NOTIFICATIONS)]
        records = [record(body, attributes=genuine) for body in told]
        started = time.perf_counter()
        for first in range(0, NOTIFICATIONS, batch):
            assert invoke(handler, *records[first : first + batch]) == []
        return NOTIFICATIONS / (time.perf_counter() - started)

    storm(BATCH)
    one_by_one, in_batches = storm(1), storm(BATCH)
    return Result(
        name="worker.notifications",
        what=f"notifications judged, stored and forwarded a second by one worker in batches of {BATCH}, against one at a time",
        value=round(in_batches),
        unit="1/s",
        baseline=round(one_by_one),
        ratio=round(in_batches / one_by_one, 2),
    )


def _dispatcher_memory(database: Database) -> Result:
    few = _dispatched(database, ACCOUNTS_FEW)
    many = _dispatched(database, ACCOUNTS_MANY)
    return Result(
        name="dispatcher.memory",
        what=f"peak memory of the dispatcher at {ACCOUNTS_MANY:,} due accounts, against {ACCOUNTS_FEW:,}",
        value=round(many, 1),
        unit="MiB",
        baseline=round(few, 1),
        ratio=round(few / many, 2),
        goal="flat: at most 5 % more",
        holds=many <= 1.05 * few,
    )


def _dispatched(database: Database, accounts: int) -> float:
    """Peak MiB of a fresh process that dispatches `accounts` due accounts, two scopes each."""
    _make_due(database, accounts)
    printed = subprocess.run([sys.executable, "-c", DISPATCH], env=os.environ, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(printed.stdout.splitlines()[-1])
    assert told["sent"] == 2 * accounts, told
    return told["mib"]


def _make_due(database: Database, accounts: int) -> None:
    with psycopg.connect(database.superuser_url, autocommit=True) as admin:
        admin.execute("delete from directory.account_schedules")
        tenants = [uuid4() for _ in range(accounts)]
        ids = [uuid4() for _ in range(accounts)]
        sellers = [uuid4().int % 10**12 for _ in range(accounts)]
        admin.execute(
            "insert into directory.tenants (id, name, email)"
            " select t, 'bench', t || '@bench.example' from unnest(%s::uuid[]) t",
            [tenants],
        )
        admin.execute(
            "insert into app.ml_accounts (tenant_id, id, seller_id, nickname, site_id, connected_by, connected_at)"
            " select t, a, s, 'bench', 'MLB', t, now() from unnest(%s::uuid[], %s::uuid[], %s::bigint[]) as x (t, a, s)",
            [tenants, ids, sellers],
        )
        admin.execute(
            "insert into directory.account_schedules (tenant_id, account_id, purpose, due_at, every)"
            " select t, a, p, now(), '30 minutes'"
            " from unnest(%s::uuid[], %s::uuid[]) as x (t, a), unnest(array['orders', 'items']) p",
            [tenants, ids],
        )
