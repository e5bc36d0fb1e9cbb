"""Mercado Livre's notifications off painelml-webhooks: stored once, refused ones filed, the rest forwarded as jobs."""

from __future__ import annotations

from typing import Any

from painelml.core.config import config
from painelml.core.observability import begin_log
from painelml.core.queues import Batch
from painelml.webhooks import service


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    begin_log(context.aws_request_id)
    batch = Batch(event, config().require("queue_webhooks"))
    service.work_through(batch)
    return batch.response()
