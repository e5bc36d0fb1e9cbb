"""Our payment provider's events off painelml-payments, each stored once."""

from __future__ import annotations

from typing import Any

from painelml.core.config import config
from painelml.core.observability import begin_log
from painelml.core.queues import Batch
from painelml.webhooks import provider_events


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    begin_log(context.aws_request_id)
    batch = Batch(event, config().require("queue_payments"))
    provider_events.work_through(batch)
    return batch.response()
