"""What each kind of job does, and to a tenant in which state it may."""

from __future__ import annotations

from collections.abc import Callable

from painelml.core.queues import Message
from painelml.core.standing import Act
from painelml.privacy import export
from painelml.privacy.models import ExportJob
from painelml.sync import work
from painelml.sync.models import PageJob, StartJob
from painelml.webhooks import refetch


def _start(job: StartJob) -> None:
    work.start(job)
    refetch.revive(job.tenant_id, job.account_id)


def _deliver(message: Message) -> None:
    # Letters are rare: other jobs need not load what writes them.
    from painelml.identity.letters import LetterJob
    from painelml.identity.post import deliver

    deliver(LetterJob.model_validate_json(message.body))


JOBS: dict[str, Callable[[Message], None]] = {
    "sync_start": lambda message: _start(StartJob.model_validate_json(message.body)),
    "sync_page": lambda message: work.page(PageJob.model_validate_json(message.body), deferrals=message.deferrals),
    "export": lambda message: export.work(ExportJob.model_validate_json(message.body)),
    "letter": _deliver,
}
ACTS = {"export": Act.READ, "letter": None}
"""What a job does to a tenant, where it is no synchronising."""
SYNC_JOBS = frozenset({"sync_start", "sync_page", "refetch"})
