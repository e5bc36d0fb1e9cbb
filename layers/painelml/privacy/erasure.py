"""Erasing a tenant: rows, objects, cache, and whatever a later restore would bring back. Only for `operations`, as owner.

A tombstone outside the database is laid first: from then on the erasure is certain, whatever dies in the middle, because
running it again, or replaying all tombstones after a restore, does the rest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from uuid import UUID

from painelml.audit import AuditEvent, Detail, record
from painelml.core import objects
from painelml.core.cache import cache, tenant_key
from painelml.core.clock import now, rfc3339
from painelml.core.db import Session
from painelml.core.migrate import owner_session
from painelml.core.placements import Silo
from painelml.core.silo_database import silo_url
from painelml.privacy import queries
from painelml.privacy.models import Receipt

TOMBSTONES = "tombstones/"
CLOSED = "CANCELLED"


def erase(tenant_id: UUID) -> Receipt:
    """Erases a CANCELLED tenant, or goes on with an erasure that was begun; raises ValueError that says what is in the way."""
    with owner_session() as session:
        _check_may_go(session, tenant_id)
    objects.put(_tombstone(tenant_id), _stone(tenant_id), content_type="application/json")
    return _erase(tenant_id)


def replay() -> list[Receipt]:
    """Erases again whoever has a tombstone, in the database or beside it: the last step of every restore."""
    with owner_session() as session:
        laid = {*queries.tombstones(session), *_laid_outside()}
    return [_erase(tenant_id) for tenant_id in sorted(laid)]


def _erase(tenant_id: UUID) -> Receipt:
    removed = objects.erase(f"{objects.tenant_object(tenant_id)}/") + objects.erase(f"static/whitelabel/{tenant_id}/")
    forgotten = _forget_cache(tenant_id)
    moment = now()
    beyond = _erase_in_silo(tenant_id)
    with owner_session() as session:
        rows = queries.erase_tenant(session, tenant_id) | beyond
        receipt = _sealed(Receipt(tenant_id=tenant_id, erased_at=moment, rows=rows, objects=removed, cache_keys=forgotten))
        before = queries.tombstone(session, tenant_id)
        if before is not None and not any(rows.values()):
            return Receipt.model_validate(before["receipt"])
        queries.keep_tombstone(session, tenant_id, moment=moment, receipt=receipt.model_dump(mode="json"))
        gone: dict[str, Detail] = {"rows": sum(rows.values()), "objects": removed, "receipt": receipt.sha256}
        record(session.enter(tenant_id), AuditEvent.ERASED, details=gone)
    return receipt


def _erase_in_silo(tenant_id: UUID) -> dict[str, int]:
    """Rows gone from the tenant's own database, by table; none for a tenant of the pool. Goes first: the pool knows the way."""
    with owner_session() as session:
        found = queries.silo(session, tenant_id)
    if found is None:
        return {}
    with owner_session(silo_url(Silo(**found))) as session:
        return {f"silo:{table}": count for table, count in queries.erase_tenant(session, tenant_id).items()}


def _check_may_go(session: Session, tenant_id: UUID) -> None:
    found = queries.tenant_to_erase(session, tenant_id)
    if found is None:
        if queries.tombstone(session, tenant_id) is None and tenant_id not in _laid_outside():
            raise ValueError(f"There is no tenant {tenant_id}. Nothing was erased.")
    elif found["is_house"]:
        raise ValueError("This is our own tenant, which cannot be erased.")
    elif found["status"] != CLOSED:
        raise ValueError(
            f"The tenant is {found['status']}. Cancel it first (DELETE /admin/tenants/{tenant_id}), then erase it."
        )


def _forget_cache(tenant_id: UUID) -> int:
    store = cache()
    held = list(store.scan_iter(match=tenant_key(tenant_id, "*"), count=1000))
    return sum(int(store.delete(key)) for key in held)


def _laid_outside() -> Iterator[UUID]:
    for key in objects.keys(TOMBSTONES):
        yield UUID(key.removeprefix(TOMBSTONES).removesuffix(".json"))


def _tombstone(tenant_id: UUID) -> str:
    return f"{TOMBSTONES}{tenant_id}.json"


def _stone(tenant_id: UUID) -> bytes:
    return json.dumps({"tenant_id": str(tenant_id), "ordered_at": rfc3339(now())}).encode()


def _sealed(receipt: Receipt) -> Receipt:
    text = json.dumps(receipt.model_dump(mode="json", exclude={"sha256"}), sort_keys=True)
    return receipt.model_copy(update={"sha256": hashlib.sha256(text.encode()).hexdigest()})
