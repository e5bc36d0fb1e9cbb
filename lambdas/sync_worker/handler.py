"""Jobs off painelml-jobs: syncs page by page, and resources that a notification asked to read again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from painelml.core.config import config
from painelml.core.observability import begin_log, log_tenant, logger
from painelml.core.queues import Batch, Message
from painelml.core.standing import Act, TenantClosed, acting
from painelml.marketplace.jobs import Refetch
from painelml.sync import work
from painelml.sync.models import PageJob, StartJob
from painelml.webhooks import refetch

JOBS: dict[str, Callable[[Message], None]] = {
    "sync_start": lambda message: work.start(StartJob.model_validate_json(message.body)),
    "sync_page": lambda message: work.page(PageJob.model_validate_json(message.body), deferrals=message.deferrals),
    "refetch": lambda message: refetch.work(Refetch.model_validate_json(message.body), deferrals=message.deferrals),
}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Does each message on its own; the queue's group (the tenant) names the log lines."""
    begin_log(context.aws_request_id)
    batch = Batch(event, config().require("queue_jobs"))
    for message in batch:
        log_tenant(message.group)
        with batch.attempt(message), acting(Act.SYNC):
            _do(message)
    return batch.response()


def _do(message: Message) -> None:
    """A tenant whose state does not allow it gets no work done; what it missed, its next scheduled sync finds."""
    try:
        JOBS[message.json()["kind"]](message)
    except TenantClosed as closed:
        logger.info("job not done", extra={"reason": closed.code})
