"""Runs prunes, each on its own, so that one part's fault costs nothing but that part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

from painelml.core.db import TenantSession, tenant_session
from painelml.core.observability import logger

MARGIN_MS = 10_000


def clean_up(
    directory_prunes: Mapping[str, Callable[[], int]],
    tenant_prunes: Mapping[str, Callable[[TenantSession], int]],
    tenants: Iterable[UUID],
    *,
    remaining_ms: Callable[[], int],
) -> dict[str, int]:
    """Rows gone, by prune. Those of a tenant share one transaction of that tenant.

    Stops before a tenant when less than MARGIN_MS is left. Raises RuntimeError at the end if any part failed; the others
    are done by then.
    """
    gone = dict.fromkeys([*directory_prunes, *tenant_prunes], 0)
    failed: list[str] = []
    for name, prune in directory_prunes.items():
        try:
            gone[name] += prune()
        except Exception:  # noqa: BLE001 - one prune's fault must not keep the others from their work
            logger.exception("prune failed", extra={"prune": name})
            failed.append(name)
    for tenant_id in tenants:
        if remaining_ms() < MARGIN_MS:
            logger.warning("clean-up stopped before its time ran out; tomorrow's goes on")
            break
        try:
            pruned = _prune_tenant(tenant_id, tenant_prunes)
        except Exception:  # noqa: BLE001 - nor may one tenant's
            logger.exception("prune failed", extra={"tenantId": str(tenant_id)})
            failed.append(str(tenant_id))
        else:
            for name, rows in pruned.items():
                gone[name] += rows
    logger.info("clean-up done", extra={"gone": gone, "failed": len(failed)})
    if failed:
        raise RuntimeError(f"{len(failed)} parts of the clean-up failed: {', '.join(failed[:5])}.")
    return gone


def _prune_tenant(tenant_id: UUID, prunes: Mapping[str, Callable[[TenantSession], int]]) -> dict[str, int]:
    with tenant_session(tenant_id) as session:
        return {name: prune(session) for name, prune in prunes.items()}
