"""The effect of reading resources again: state, inbox row and outbox row in one transaction, once for each version.

The inbox key (tenant, source, resource@version) makes the effect happen once, however often and in whatever order documents
come (docs/decisions/0013).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from painelml.core.db import TenantSession
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.documents import Versioned
from painelml.marketplace.effects import queries
from painelml.marketplace.effects.models import Effect, Found
from painelml.marketplace.kinds import Kind


def apply(session: TenantSession, account: ConnectedAccount, found: Iterable[Found]) -> int:
    """Writes what is at least as new as what is held; how many resources were written."""
    newest = {one.resource.path: one for one in sorted(found, key=lambda one: one.document.updated_at)}
    first = queries.enter_inbox(session, [one.key for one in newest.values()])
    written = _write(session, account, list(newest.values()))
    effects = [
        Effect(
            kind=f"{one.resource.kind.name}.changed",
            resource=one.resource.path,
            version=one.version,
            payload={"account_id": str(account.id), "status": one.document.status},
        )
        for one in newest.values()
        if one.key in first and one.resource.path in written
    ]
    if effects:
        queries.put_in_outbox(session, effects)
    return len(written)


def _write(session: TenantSession, account: ConnectedAccount, found: Sequence[Found]) -> set[str]:
    """The paths of what was written, a kind at a time."""
    by_kind: dict[str, tuple[Kind[Any], list[Versioned]]] = {}
    for one in found:
        kind = one.resource.kind
        by_kind.setdefault(kind.name, (kind, []))[1].append(one.document)
    return {
        kind.path.format(id=written)
        for kind, documents in by_kind.values()
        for written in kind.apply(session, account, documents)
    }
