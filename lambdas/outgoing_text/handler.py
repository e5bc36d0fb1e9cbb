"""Sellers' messages off painelml-outgoing-text, one at a time in each conversation."""

from __future__ import annotations

from typing import Any

from painelml.core.config import config
from painelml.core.observability import begin_log, log_tenant, logger
from painelml.core.queues import Batch
from painelml.core.standing import Act, TenantClosed, acting
from painelml.marketplace.outgoing.delivery import deliver
from painelml.marketplace.outgoing.models import SendJob
from painelml.privacy.service import is_erased


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    begin_log(context.aws_request_id)
    batch = Batch(event, config().require("queue_outgoing_text"))
    for message in batch:
        with batch.attempt(message):
            job = SendJob.model_validate_json(message.body)
            log_tenant(job.tenant_id)
            _do(job, message.receives)
    return batch.response()


def _do(job: SendJob, receives: int) -> None:
    """A tenant whose state does not allow it sends nothing."""
    if is_erased(job.tenant_id):
        logger.info("work of an erased tenant refused", extra={"kind": job.kind})
        return
    try:
        with acting(Act.WRITE):
            deliver(job, receives=receives)
    except TenantClosed as closed:
        logger.info("message not sent", extra={"reason": closed.code})
