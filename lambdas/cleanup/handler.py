"""The daily clean-up: what is over is forgotten. A line in one of the two lists adds a prune."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from painelml.audit.anchors import anchor
from painelml.core import idempotency
from painelml.core.db import TenantSession, tenant_session
from painelml.core.observability import begin_log, logger
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
MARGIN_MS = 10_000


def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Rows gone, by what they were. Raises at the end if any part failed; the others are done by then."""
    begin_log(context.aws_request_id)
    gone = dict.fromkeys([*DIRECTORY_PRUNES, *TENANT_PRUNES], 0)
    failed: list[str] = []
    for name, prune in DIRECTORY_PRUNES.items():
        try:
            gone[name] += prune()
        except Exception:  # noqa: BLE001 - one prune's fault must not keep the others from their work
            logger.exception("prune failed", extra={"prune": name})
            failed.append(name)
    for tenant_id in every_tenant():
        if context.get_remaining_time_in_millis() < MARGIN_MS:
            logger.warning("clean-up stopped before its time ran out; tomorrow's goes on")
            break
        try:
            _prune_tenant(tenant_id, gone)
        except Exception:  # noqa: BLE001 - nor may one tenant's
            logger.exception("prune failed", extra={"tenantId": str(tenant_id)})
            failed.append(str(tenant_id))
    logger.info("clean-up done", extra={"gone": gone, "failed": len(failed)})
    if failed:
        raise RuntimeError(f"{len(failed)} parts of the clean-up failed: {', '.join(failed[:5])}.")
    return gone


def _prune_tenant(tenant_id: UUID, gone: dict[str, int]) -> None:
    with tenant_session(tenant_id) as session:
        pruned = {name: prune(session) for name, prune in TENANT_PRUNES.items()}
    for name, rows in pruned.items():
        gone[name] += rows
