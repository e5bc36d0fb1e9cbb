"""Jobs off painelml-jobs: syncs page by page, resources that a notification asked to read again, letters."""

from __future__ import annotations

from typing import Any

from lambdas.sync_worker import jobs
from painelml.core import lanes
from painelml.core.config import config
from painelml.core.observability import begin_log
from painelml.core.queues import Batch
from painelml.core.standing import Act, acting


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Turns bring the jobs that wait in their tenants' lanes; other messages are jobs themselves."""
    begin_log(context.aws_request_id)
    batch = Batch(event, config().require("queue_jobs"))
    turns = [message for message in batch if jobs.kind_of(message) == "turn"]
    with acting(Act.SYNC):
        lanes.take(batch, turns, lambda waiting: jobs.work_through(waiting, waiting))
    jobs.work_through(batch, [message for message in batch if message not in turns])
    return batch.response()
