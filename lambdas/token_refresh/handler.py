"""Every hour: the tokens that end before the next turn."""

from __future__ import annotations

from typing import Any

from painelml.core.observability import begin_log, logger
from painelml.marketplace.accounts.refresh import refresh_due

MARGIN_MS = 30_000


def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Stops before the clock does; what is left is refreshed next time, or on use."""
    begin_log(context.aws_request_id)
    counts = refresh_due(lambda: context.get_remaining_time_in_millis() > MARGIN_MS)
    logger.info("tokens refreshed", extra=counts)
    return counts
