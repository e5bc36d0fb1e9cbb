"""Refreshing ahead of expiry, by schedule: an account that nobody uses stays connected too."""

from __future__ import annotations

from collections.abc import Callable

from painelml.core.clock import now
from painelml.core.db import Row, directory_session
from painelml.core.errors import ServiceUnavailable
from painelml.core.observability import log_tenant, logger
from painelml.marketplace.accounts import queries, tokens
from painelml.marketplace.errors import CallRefused, ReconnectRequired

PAGE = 100


def refresh_due(time_is_left: Callable[[], bool]) -> dict[str, int]:
    """How many were refreshed, how many accounts must be reconnected, and how many have to wait for the next turn."""
    moment, counts = now(), {"refreshed": 0, "reconnect": 0, "put_off": 0}
    last: Row | None = None
    while time_is_left():
        with directory_session() as session:
            due = queries.due_accounts(session, "token", moment=moment, after=last, limit=PAGE)
        if not due:
            break
        for row in due:
            if not time_is_left():
                break
            counts[_refresh(row)] += 1
        last = due[-1]
    return counts


def _refresh(row: Row) -> str:
    log_tenant(row["tenant_id"])
    try:
        tokens.refresh_ahead(row["tenant_id"], row["account_id"])
    except ReconnectRequired:
        return "reconnect"
    except (CallRefused, ServiceUnavailable) as error:
        logger.warning("refresh put off", extra={"account_id": str(row["account_id"]), "reason": error.code})
        return "put_off"
    return "refreshed"
