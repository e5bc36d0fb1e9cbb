"""All tenants, for the platform's own people."""

from __future__ import annotations

from uuid import UUID

from aws_lambda_powertools.event_handler import Response

from painelml.core.caller import current_caller
from painelml.core.db import directory_session
from painelml.core.http import entry_point, http_app
from painelml.core.pages import Cursor, Limit, Page
from painelml.core.rate_limit import forget_limits
from painelml.core.standing import TenantStatus
from painelml.identity import service as people
from painelml.identity.models import NewTenantWithOwner, SignedUp
from painelml.identity.permissions import Permission, permitted
from painelml.plans import service as plans
from painelml.plans.models import Subscription, SubscriptionChanges
from painelml.tenancy import provisioning
from painelml.tenancy import service as tenancy
from painelml.tenancy.models import PlatformTenantChanges, Provisioning, Tenant

app = http_app()


@app.get("/admin/tenants")
@permitted(Permission.READ_CUSTOMERS)
def list_tenants(limit: Limit = 50, cursor: Cursor = None, status: TenantStatus | None = None) -> Page[Tenant]:
    with directory_session() as session:
        return tenancy.for_platform(session, current_caller().user_id, limit=limit, cursor=cursor, status=status)


@app.post("/admin/tenants", status_code=201)
@permitted(Permission.MANAGE_CUSTOMERS)
def open_tenant(body: NewTenantWithOwner) -> SignedUp:
    return people.open_tenant(current_caller(), body)


@app.get("/admin/tenants/<tenant_id>")
@permitted(Permission.READ_CUSTOMERS)
def read_any_tenant(tenant_id: UUID) -> Tenant:
    return tenancy.read_for_platform(current_caller().user_id, tenant_id)


@app.get("/admin/tenants/<tenant_id>/provisioning")
@permitted(Permission.READ_CUSTOMERS)
def read_provisioning(tenant_id: UUID) -> Provisioning:
    return provisioning.for_platform(current_caller().user_id, tenant_id)


@app.patch("/admin/tenants/<tenant_id>")
@permitted(Permission.MANAGE_CUSTOMERS)
def change_any_tenant(tenant_id: UUID, body: PlatformTenantChanges) -> Tenant:
    changed = tenancy.change_for_platform(current_caller().user_id, tenant_id, body)
    forget_limits(tenant_id)
    return changed


@app.get("/admin/tenants/<tenant_id>/subscription")
@permitted(Permission.READ_PLATFORM)
def read_any_subscription(tenant_id: UUID) -> Subscription:
    with tenancy.looked_into(current_caller().user_id, tenant_id) as session:
        return plans.subscription(session)


@app.patch("/admin/tenants/<tenant_id>/subscription")
@permitted(Permission.MANAGE_PLATFORM)
def change_any_subscription(tenant_id: UUID, body: SubscriptionChanges) -> Subscription:
    changed = tenancy.change_subscription(current_caller().user_id, tenant_id, body)
    forget_limits(tenant_id)
    return changed


@app.delete("/admin/tenants/<tenant_id>", status_code=204)
@permitted(Permission.MANAGE_CUSTOMERS)
def cancel_tenant(tenant_id: UUID) -> Response[None]:
    tenancy.cancel(current_caller().user_id, tenant_id)
    return Response(204)


handler = entry_point(app)
