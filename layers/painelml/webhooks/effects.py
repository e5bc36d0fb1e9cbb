"""The effect of reading resources again: state, inbox row and outbox row in one transaction, once for each version.

The inbox key (tenant, source, resource@version) makes the effect happen once, however often and in whatever order documents
come (docs/decisions/0013).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from painelml.core.clock import rfc3339
from painelml.core.db import TenantSession
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.documents import Versioned
from painelml.marketplace.kinds import Kind
from painelml.marketplace.resources import Resource
from painelml.webhooks import queries
from painelml.webhooks.models import Effect


@dataclass(frozen=True, slots=True)
class Found:
    """A resource and its document, which is the account's own."""

    resource: Resource
    document: Versioned

    @property
    def version(self) -> str:
        return rfc3339(self.document.updated_at)

    @property
    def key(self) -> str:
        return f"{self.resource.path}@{self.version}"


def apply(session: TenantSession, account: ConnectedAccount, found: Iterable[Found]) -> int:
    """Writes what is at least as new as what is held; how many versions had their effect now."""
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
    return len(effects)


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
