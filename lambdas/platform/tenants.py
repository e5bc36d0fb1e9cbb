"""Tenants, as the platform's people and partners see, change and close them."""

from __future__ import annotations

from uuid import UUID

from aws_lambda_powertools.event_handler import Response

from painelml.core.caller import current_caller
from painelml.core.db import directory_session
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.core.rate_limit import forget_limits
from painelml.core.standing import TenantStatus
from painelml.identity.permissions import Permission, permitted
from painelml.tenancy import service as tenancy
from painelml.tenancy.models import PlatformTenantChanges, Tenant

router = http_routes()


@router.get("/admin/tenants")
@permitted(Permission.READ_CUSTOMERS)
def list_tenants(limit: Limit = 50, cursor: Cursor = None, status: TenantStatus | None = None) -> Page[Tenant]:
    with directory_session() as session:
        return tenancy.for_platform(session, current_caller().user_id, limit=limit, cursor=cursor, status=status)


@router.get("/admin/tenants/<tenant_id>")
@permitted(Permission.READ_CUSTOMERS)
def read_any_tenant(tenant_id: UUID) -> Tenant:
    return tenancy.read_for_platform(current_caller().user_id, tenant_id)


@router.patch("/admin/tenants/<tenant_id>")
@permitted(Permission.MANAGE_CUSTOMERS)
def change_any_tenant(tenant_id: UUID, body: PlatformTenantChanges) -> Tenant:
    changed = tenancy.change_for_platform(current_caller().user_id, tenant_id, body)
    forget_limits(tenant_id)
    return changed


@router.delete("/admin/tenants/<tenant_id>", status_code=204)
@permitted(Permission.MANAGE_CUSTOMERS)
def cancel_tenant(tenant_id: UUID) -> Response[None]:
    tenancy.cancel(current_caller().user_id, tenant_id)
    return Response(204)
