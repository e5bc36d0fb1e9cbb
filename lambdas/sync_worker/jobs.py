"""What each kind of job does, and to a tenant in which state it may."""

from __future__ import annotations

import json
from collections.abc import Callable

from painelml.core import lanes, metrics
from painelml.core.errors import DatabaseUnavailable, RetryLater
from painelml.core.lanes import Job, Turn
from painelml.core.standing import Act
from painelml.marketplace.jobs import Refetch
from painelml.privacy import export
from painelml.privacy.models import ExportJob
from painelml.sync import work
from painelml.sync.models import PageJob, StartJob
from painelml.webhooks import refetch

SYNC_JOBS: dict[str, Callable[[str, int], None]] = {
    "sync_start": lambda body, _: work.start(StartJob.model_validate_json(body)),
    "sync_page": lambda body, deferrals: work.page(PageJob.model_validate_json(body), deferrals=deferrals),
    "refetch": lambda body, deferrals: refetch.work(Refetch.model_validate_json(body), deferrals=deferrals),
}


def _deliver(body: str, _: int) -> None:
    # Letters are rare: other jobs need not load what writes them.
    from painelml.identity.letters import LetterJob
    from painelml.identity.post import deliver

    deliver(LetterJob.model_validate_json(body))


def _turn(body: str, deferrals: int) -> None:
    lanes.take(Turn.model_validate_json(body), _of_lane, deferrals=deferrals)


def _of_lane(job: Job) -> None:
    _sync(json.loads(job.body)["kind"], job.body, job.deferrals)


def _sync(kind: str, body: str, deferrals: int) -> None:
    """A117: how many were executed, and what came of them."""
    try:
        SYNC_JOBS[kind](body, deferrals)
    except (RetryLater, DatabaseUnavailable):
        metrics.count("SyncJobs", outcome="deferred")
        raise
    except Exception:
        metrics.count("SyncJobs", outcome="failed")
        raise
    metrics.count("SyncJobs", outcome="done")


OTHERS: dict[str, Callable[[str, int], None]] = {
    "turn": _turn,
    "export": lambda body, _: export.work(ExportJob.model_validate_json(body)),
    "letter": _deliver,
}
ACTS = {"export": Act.READ, "letter": None}
"""What a job does to a tenant, where it is no synchronising."""


def do(kind: str, body: str, deferrals: int) -> None:
    """Raises KeyError for a kind that nobody knows."""
    if kind in OTHERS:
        OTHERS[kind](body, deferrals)
    else:
        _sync(kind, body, deferrals)
