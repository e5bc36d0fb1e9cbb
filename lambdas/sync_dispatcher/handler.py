"""Every 30 minutes: one job for each account and scope that is due."""

from __future__ import annotations

from typing import Any

from painelml.core.observability import begin_log, logger
from painelml.sync.dispatch import SPREAD_SECONDS, dispatch


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """`{"spread_seconds": n}` narrows the window over which the jobs are spread; 0 sends them all at once."""
    begin_log(context.aws_request_id)
    sent = dispatch(int(event.get("spread_seconds", SPREAD_SECONDS)))
    logger.info("syncs dispatched", extra={"sent": sent})
    return {"sent": sent}
