"""The rules of brands."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from painelml.audit import AuditEvent, record
from painelml.branding import queries
from painelml.branding.models import Brand, BrandChanges, OwnBrand
from painelml.core.db import Session, TenantSession
from painelml.core.errors import NotFound
from painelml.tenancy.errors import UnknownTenant


def own(session: TenantSession) -> OwnBrand:
    """The tenant's brand, with what it inherits."""
    row = queries.own(session)
    if row is None:
        raise NotFound
    inherited = [name for name in BrandChanges.model_fields if name not in row["own"]]
    return OwnBrand(**_worn(row), inherited=inherited, host=row["host"])


def change(session: TenantSession, actor: UUID, changes: BrandChanges) -> OwnBrand:
    queries.change(session, changes.model_dump(exclude_unset=True))
    record(session, AuditEvent.TENANT_CHANGED, actor=actor, subject="brand")
    return own(session)


def of_host(session: Session, host: str) -> Brand:
    """What a page wears before anyone has signed in; raises UnknownTenant. It says nothing about whose host it is (K34)."""
    row = queries.of_host(session, host.strip().lower().rstrip("."))
    if row is None:
        raise UnknownTenant
    return Brand(**_worn(row))


def _worn(row: dict[str, Any]) -> dict[str, Any]:
    # A picture lies below the prefix of the tenant whose it is, so a parent's key is nothing in a child's folder.
    inherited = {name: value for name, value in row["inherited"].items() if not name.endswith("_key")}
    return {name: value for name, value in {**inherited, **row["own"]}.items() if name in BrandChanges.model_fields}
