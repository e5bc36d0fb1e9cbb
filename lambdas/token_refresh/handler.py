"""Every hour: the tokens that end before the next turn, and the sellers who took their permission back."""

from __future__ import annotations

from typing import Any

from painelml.core.observability import begin_log, logger
from painelml.marketplace.accounts.grants import check_grants
from painelml.marketplace.accounts.refresh import refresh_due

MARGIN_MS = 30_000


def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Stops before the clock does; what is left is refreshed next time, or on use."""
    begin_log(context.aws_request_id)

    def time_is_left() -> bool:
        return bool(context.get_remaining_time_in_millis() > MARGIN_MS)

    counts = refresh_due(time_is_left) | check_grants(time_is_left)
    logger.info("tokens refreshed", extra=counts)
    return counts
