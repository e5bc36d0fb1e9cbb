"""How long we keep what others told us. Bodies may hold personal data, so they go by age; effects stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from painelml.core.clock import now
from painelml.core.db import Session, TenantSession, directory_session
from painelml.webhooks import queries

REJECTIONS = timedelta(days=30)
PROVIDER_EVENTS = timedelta(days=90)
NOTIFICATIONS = timedelta(days=30)  # Mercado Livre sends none again after an hour, and keeps missed ones for two days
AT_ONCE = 1000


def prune_rejections() -> int:
    return _all(queries.prune_rejections, now() - REJECTIONS)


def prune_provider_events() -> int:
    return _all(queries.prune_provider_events, now() - PROVIDER_EVENTS)


def prune_notifications(session: TenantSession) -> int:
    """Inside each tenant. The inbox stays: it is what keeps an old version from having its effect again."""
    return queries.prune_notifications(session, before=now() - NOTIFICATIONS)


def _all(prune: Callable[[Session, datetime, int], int], before: datetime) -> int:
    gone = 0
    while True:
        with directory_session() as session:
            some = prune(session, before, AT_ONCE)
        if not some:
            return gone
        gone += some
