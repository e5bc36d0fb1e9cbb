"""The operator's view of the chains: verifying many, exporting one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from painelml.audit import anchors, queries, service
from painelml.audit.models import AuditEvent, Detail
from painelml.core.db import TenantSession, directory_session, tenant_session
from painelml.core.errors import NotFound

TOLD = 20
UNTOLD = frozenset({"migrate", "init-keys", "audit"})
"""Operations that make the ground itself, before there is a log; each of them can be read in the function's own."""


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


def verify_one(tenant_id: UUID) -> dict[str, Any]:
    """The same for one chain; raises NotFound where there is none, which would hold for lack of entries."""
    with tenant_session(tenant_id) as session:
        _must_be_there(session)
    return verify_all([tenant_id])


def export(tenant_id: UUID, *, after: int) -> dict[str, Any]:
    """A thousand `lines` from after the sequence number `after`; `next` goes on, and is null at the end. Raises NotFound."""
    with tenant_session(tenant_id) as session:
        _must_be_there(session)
        lines = service.lines(session, after=after)
    return {"lines": lines, "next": after + len(lines) if len(lines) == service.AT_ONCE else None}


def write_down(verb: str, args: dict[str, Any], result: dict[str, Any]) -> None:
    """Enters an operation that was done in our own chain: an operator has no login here, so the entry names no person."""
    if verb in UNTOLD or "error" in result:
        return
    tenant = str(args.get("tenant") or args.get("id") or "")
    details: dict[str, Detail] = {"tenant": tenant} if tenant else {}
    with directory_session() as session:
        service.record_outside(session, AuditEvent.PLATFORM_ACTION, subject=verb, details=details)


def _must_be_there(session: TenantSession) -> None:
    if queries.head(session) is None:
        raise NotFound
