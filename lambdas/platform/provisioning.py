"""How a tenant comes about: opened by the platform's people and partners, one step after another."""

from __future__ import annotations

from uuid import UUID

from painelml.core.caller import current_caller
from painelml.core.http import http_routes
from painelml.identity import service as people
from painelml.identity.models import NewTenantWithOwner, SignedUp
from painelml.identity.permissions import Permission, permitted
from painelml.tenancy import provisioning
from painelml.tenancy.models import Provisioning

router = http_routes()


@router.post("/admin/tenants", status_code=201)
@permitted(Permission.MANAGE_CUSTOMERS)
def open_tenant(body: NewTenantWithOwner) -> SignedUp:
    return people.open_tenant(current_caller(), body)


@router.get("/admin/tenants/<tenant_id>/provisioning")
@permitted(Permission.READ_CUSTOMERS)
def read_provisioning(tenant_id: UUID) -> Provisioning:
    return provisioning.for_platform(current_caller().user_id, tenant_id)
