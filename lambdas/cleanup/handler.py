"""The daily clean-up: what is over is forgotten. A line in one of the two lists adds a prune."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from painelml.audit.anchors import anchor
from painelml.core import idempotency
from painelml.core.cleanup import clean_up
from painelml.core.db import TenantSession
from painelml.core.observability import begin_log
from painelml.identity.retention import prune_account_tokens, prune_sessions
from painelml.privacy.retention import prune_exports
from painelml.tenancy.registry import every_tenant
from painelml.webhooks import retention

# Over the directory: each takes care of its own transactions and returns how many rows went.
DIRECTORY_PRUNES: dict[str, Callable[[], int]] = {
    "sessions": prune_sessions,
    "account_tokens": prune_account_tokens,
    "webhook_rejections": retention.prune_rejections,
    "provider_events": retention.prune_provider_events,
    "anchored": lambda: anchor(every_tenant()),  # nothing goes here: the audit chains' heads are kept outside the database
}
# Inside each tenant: all share one transaction of that tenant; each returns how many rows went.
TENANT_PRUNES: dict[str, Callable[[TenantSession], int]] = {
    "idempotency_keys": idempotency.prune,
    "notifications": retention.prune_notifications,
    "exports": prune_exports,
}


def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Rows gone, by what they were."""
    begin_log(context.aws_request_id)
    return clean_up(DIRECTORY_PRUNES, TENANT_PRUNES, every_tenant(), remaining_ms=context.get_remaining_time_in_millis)
