"""Every 15 minutes: the notifications that Mercado Livre could not deliver."""

from __future__ import annotations

from typing import Any

from painelml.core.observability import begin_log, logger
from painelml.webhooks.missed import sweep


def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    begin_log(context.aws_request_id)
    asked = sweep()
    logger.info("missed feeds swept", extra={"jobs": asked})
    return {"jobs": asked}
