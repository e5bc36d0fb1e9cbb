"""Starts what is due: pages through the schedule with one page in memory, and spreads the jobs over the half hour (K53)."""

from __future__ import annotations

import hashlib
from uuid import UUID

from painelml.core.clock import now
from painelml.core.config import config
from painelml.core.db import Row, directory_session
from painelml.core.queues import Outgoing, send_all
from painelml.marketplace.accounts import queries
from painelml.sync.models import SCHEDULED, Scope, StartJob

PAGE = 500
SPREAD_SECONDS = 840  # SQS keeps a message back for 900 s at most


def dispatch(spread_seconds: int = SPREAD_SECONDS) -> int:
    """Sends one job for each account and scope that is due; how many.

    Jobs are sent before the schedule is moved: a crash in between sends some twice, and a second start is refused by the run.
    """
    moment, sent = now(), 0
    for scope in SCHEDULED:
        last: Row | None = None
        while True:
            with directory_session() as session:
                due = queries.due_accounts(session, scope, moment=moment, after=last, limit=PAGE)
                if not due:
                    break
                sent += send_all(config().require("queue_jobs"), (_job(row, scope, spread_seconds) for row in due))
                queries.mark_dispatched(session, scope, due, moment=moment)
            last = due[-1]
    return sent


def _job(row: Row, scope: Scope, spread_seconds: int) -> Outgoing:
    job = StartJob(tenant_id=row["tenant_id"], account_id=row["account_id"], scope=scope)
    return Outgoing(job.model_dump_json(), str(row["tenant_id"]), spread(row["account_id"], spread_seconds))


def spread(account_id: UUID, seconds: int) -> int:
    """The account's own second of the window: always the same one, so that its syncs keep their distance."""
    if seconds <= 0:
        return 0
    return int.from_bytes(hashlib.sha256(account_id.bytes).digest()[:8]) % seconds
