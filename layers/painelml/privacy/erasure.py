"""Erasing a tenant: rows, objects, cache, and whatever a later restore would bring back. Only for `operations`, as owner.

A tombstone outside the database is laid first: from then on the erasure is certain, whatever dies in the middle, because
running it again, or replaying all tombstones after a restore, does the rest. A silo is taken down last, when the receipt is
safe in the directory: `unmake_silo` does it, and finds nothing to do for a tenant of the pool.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from uuid import UUID

from painelml.audit import AuditEvent, Detail, record
from painelml.core import objects
from painelml.core.cache import cache, tenant_key
from painelml.core.clock import now, rfc3339
from painelml.core.db import Row, Session
from painelml.core.migrate import owner_session
from painelml.core.placements import Silo
from painelml.core.silo_database import has_silo_database, silo_url
from painelml.privacy import queries
from painelml.privacy.models import Receipt

TOMBSTONES = "tombstones/"
CLOSED = "CANCELLED"
NAMED_AT_MOST = 20
Unmake = Callable[[UUID], None]


def erase(tenant_id: UUID, unmake_silo: Unmake, *, with_sub_tenants: bool = False) -> list[Receipt]:
    """Erases a CANCELLED tenant, or goes on with an erasure that was begun; its receipt, after those of its sub-tenants.

    Raises ValueError that says what is in the way. A partner goes together with its sub-tenants only where that is asked for.
    """
    with owner_session() as session:
        below = queries.sub_tenants(session, tenant_id)
        if below and not with_sub_tenants:
            raise ValueError(_named(below))
        family = [*(row["id"] for row in below), tenant_id]
        for one in family:
            _check_may_go(session, one)
    for one in family:
        objects.put(_tombstone(one), _stone(one), content_type="application/json")
    return [_erase(one, unmake_silo) for one in family]


def replay(unmake_silo: Unmake) -> list[Receipt]:
    """Erases again whoever has a tombstone, in the database or beside it: the last step of every restore."""
    with owner_session() as session:
        laid = queries.in_order(session, [*{*queries.tombstones(session), *_laid_outside()}])
    return [_erase(tenant_id, unmake_silo) for tenant_id in laid]


def _erase(tenant_id: UUID, unmake_silo: Unmake) -> Receipt:
    receipt = _erase_data(tenant_id)
    unmake_silo(tenant_id)
    return receipt


def _erase_data(tenant_id: UUID) -> Receipt:
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
    if found is None or not has_silo_database(Silo(**found)):
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
            f"The tenant {tenant_id} is {found['status']}. Cancel it first (painel tenant cancel {tenant_id}, "
            f"or DELETE /admin/tenants/{tenant_id}), then erase it."
        )


def _named(below: list[Row]) -> str:
    shown = ", ".join(f"{row['name']} ({row['id']}, {row['status']})" for row in below[:NAMED_AT_MOST])
    more = f" and {len(below) - NAMED_AT_MOST} more" if len(below) > NAMED_AT_MOST else ""
    return (
        f"This is a partner with {len(below)} sub-tenants: {shown}{more}. Erase each of them first, "
        "or ask for all of them at once (--with-sub-tenants). Nothing was erased."
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
