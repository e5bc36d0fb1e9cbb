"""Every 15 minutes: the notifications that Mercado Livre could not deliver, and the topics that have fallen silent."""

from __future__ import annotations

from typing import Any

from painelml.core.observability import begin_log, logger
from painelml.webhooks import pulse
from painelml.webhooks.missed import sweep


def handler(_event: dict[str, Any], context: Any) -> dict[str, Any]:
    begin_log(context.aws_request_id)
    asked = sweep()
    logger.info("missed feeds swept", extra={"jobs": asked})
    return {"jobs": asked, "silent": pulse.report()}
