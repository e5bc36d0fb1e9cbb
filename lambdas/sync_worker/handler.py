"""Jobs off painelml-jobs: syncs page by page, resources that a notification asked to read again, letters."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from lambdas.sync_worker import jobs
from painelml.core.config import config
from painelml.core.observability import begin_log, log_tenant, logger
from painelml.core.queues import Batch, Message
from painelml.core.standing import Act, TenantClosed, acting
from painelml.privacy.service import is_erased


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Does each message on its own; the queue's group (the tenant) names the log lines."""
    begin_log(context.aws_request_id)
    batch = Batch(event, config().require("queue_jobs"))
    for message in batch:
        log_tenant(message.group)
        with batch.attempt(message):
            _do(message)
    return batch.response()


def _do(message: Message) -> None:
    """A tenant whose state does not allow it gets no work done; what it missed, its next scheduled sync finds."""
    job = message.json()
    kind = job["kind"]
    tenant_id = job.get("tenant_id")  # a letter may be for someone who is not in a tenant yet
    if tenant_id and is_erased(UUID(tenant_id)):
        logger.info("work of an erased tenant refused", extra={"kind": kind})
        return
    try:
        with acting(jobs.ACTS.get(kind, Act.SYNC)):
            jobs.do(kind, message.body, message.deferrals)
    except TenantClosed as closed:
        logger.info("job not done", extra={"kind": kind, "reason": closed.code})
