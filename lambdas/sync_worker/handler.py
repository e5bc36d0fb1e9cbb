"""Jobs off painelml-jobs: syncs page by page, resources that a notification asked to read again, letters."""

from __future__ import annotations

from typing import Any

from lambdas.sync_worker import jobs
from painelml.core import lanes
from painelml.core.config import config
from painelml.core.lanes import Lane
from painelml.core.observability import begin_log
from painelml.core.queues import Batch, Message
from painelml.core.standing import Act, acting


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Turns bring the jobs that wait in their tenants' lanes; other messages are jobs themselves. One page, and last.

    A page takes seconds: the others of the batch go back to the queue, where a worker may be free for them.
    """
    begin_log(context.aws_request_id)
    batch = Batch(event, config().require("queue_jobs"))
    reads, pages = (lanes.turns_of(lane, batch) for lane in (Lane.REFETCH, Lane.SYNC))
    batch.put_back(pages[1:])
    _take(batch, reads)
    jobs.work_through(batch, [message for message in batch if message not in reads + pages])
    _take(batch, pages[:1])
    return batch.response()


def _take(batch: Batch, turns: list[Message]) -> None:
    with acting(Act.SYNC):
        lanes.take(batch, turns, lambda waiting: jobs.work_through(waiting, waiting))
