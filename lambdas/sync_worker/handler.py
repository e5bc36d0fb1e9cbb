"""Jobs off painelml-jobs: syncs page by page, resources that a notification asked to read again, letters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from painelml.core.config import config
from painelml.core.observability import begin_log, log_tenant, logger
from painelml.core.queues import Batch, Message
from painelml.core.standing import Act, TenantClosed, acting
from painelml.privacy import export
from painelml.privacy.models import ExportJob
from painelml.privacy.service import is_erased
from painelml.sync import work
from painelml.sync.models import PageJob, StartJob
from painelml.webhooks import refetch


def _deliver(message: Message) -> None:
    # Letters are rare: other jobs need not load what writes them.
    from painelml.identity.letters import LetterJob
    from painelml.identity.post import deliver

    deliver(LetterJob.model_validate_json(message.body))


def _start(job: StartJob) -> None:
    work.start(job)
    refetch.revive(job.tenant_id, job.account_id)


JOBS: dict[str, Callable[[Message], None]] = {
    "sync_start": lambda message: _start(StartJob.model_validate_json(message.body)),
    "sync_page": lambda message: work.page(PageJob.model_validate_json(message.body), deferrals=message.deferrals),
    "export": lambda message: export.work(ExportJob.model_validate_json(message.body)),
    "letter": _deliver,
}


ACTS = {"export": Act.READ, "letter": None}
"""What a job does to a tenant, where it is no synchronising."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Does each message on its own, but refetches together; the queue's group (the tenant) names the log lines."""
    begin_log(context.aws_request_id)
    batch = Batch(event, config().require("queue_jobs"))
    refetches = [message for message in batch if _kind(message) == "refetch"]
    for message in batch:
        if message not in refetches:
            log_tenant(message.group)
            with batch.attempt(message):
                _do(message)
    with acting(Act.SYNC):
        refetch.work_through(batch, refetches)
    return batch.response()


def _kind(message: Message) -> str:
    """Empty for a body that is no job, which fails when it is done."""
    try:
        return str(message.json()["kind"])
    except (ValueError, TypeError, KeyError):
        return ""


def _do(message: Message) -> None:
    """A tenant whose state does not allow it gets no work done; what it missed, its next scheduled sync finds."""
    job = message.json()
    kind = job["kind"]
    tenant_id = job.get("tenant_id")  # a letter may be for someone who is not in a tenant yet
    if tenant_id and is_erased(UUID(tenant_id)):
        logger.info("work of an erased tenant refused", extra={"kind": kind})
        return
    try:
        with acting(ACTS.get(kind, Act.SYNC)):
            JOBS[kind](message)
    except TenantClosed as closed:
        logger.info("job not done", extra={"kind": kind, "reason": closed.code})
