"""What each kind of job does, and to a tenant in which state it may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from uuid import UUID

from painelml.core import metrics
from painelml.core.observability import log_tenant, logger
from painelml.core.queues import Batch, Message
from painelml.core.standing import Act, TenantClosed, acting
from painelml.privacy import export
from painelml.privacy.models import ExportJob
from painelml.privacy.service import is_erased
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


def work_through(batch: Batch, messages: Iterable[Message]) -> None:
    """Each on its own, but refetches together. A117: counts the sync jobs, by what came of them."""
    kinds = [(message, kind_of(message)) for message in messages]
    for message, kind in kinds:
        if kind != "refetch":
            log_tenant(message.group)
            with batch.attempt(message):
                _do(kind, message)
    with acting(Act.SYNC):
        refetch.work_through(batch, [message for message, kind in kinds if kind == "refetch"])
    for outcome, amount in Counter(batch.outcome(message) for message, kind in kinds if kind in SYNC_JOBS).items():
        metrics.count("SyncJobs", amount, outcome=outcome)


def kind_of(message: Message) -> str:
    """Empty for a body that is no job, which fails when it is done."""
    try:
        return str(message.json()["kind"])
    except (ValueError, TypeError, KeyError):
        return ""


def _do(kind: str, message: Message) -> None:
    """A tenant whose state does not allow it gets no work done; what it missed, its next scheduled sync finds."""
    tenant_id = message.json().get("tenant_id")  # a letter may be for someone who is not in a tenant yet
    if tenant_id and is_erased(UUID(tenant_id)):
        logger.info("work of an erased tenant refused", extra={"kind": kind})
        return
    try:
        with acting(ACTS.get(kind, Act.SYNC)):
            JOBS[kind](message)
    except TenantClosed as closed:
        logger.info("job not done", extra={"kind": kind, "reason": closed.code})
