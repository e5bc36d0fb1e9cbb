"""The operator's view of the chains: verifying many, exporting one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from painelml.audit import anchors, service
from painelml.core.db import tenant_session

TOLD = 20


def verify_all(tenants: Iterable[UUID]) -> dict[str, Any]:
    """Counts, and the first faults as `{tenant_id, fault}`; every chain is compared with its anchors too."""
    held = anchors.anchored()
    chains = entries = 0
    faults: list[dict[str, str]] = []
    for tenant_id in tenants:
        with tenant_session(tenant_id) as session:
            found = service.verify(session, anchors=held.get(tenant_id))
        chains, entries = chains + 1, entries + found.entries
        faults.extend({"tenant_id": str(tenant_id), "fault": fault} for fault in found.faults)
    return {"holds": not faults, "chains": chains, "entries": entries, "faults": faults[:TOLD]}


def export(tenant_id: UUID, *, after: int) -> dict[str, Any]:
    """A thousand `lines` from after the sequence number `after`; `next` goes on, and is null at the end."""
    with tenant_session(tenant_id) as session:
        lines = service.lines(session, after=after)
    return {"lines": lines, "next": after + len(lines) if len(lines) == service.AT_ONCE else None}
