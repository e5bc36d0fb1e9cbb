"""What a tenant has subscribed to, set by the platform."""

from __future__ import annotations

from uuid import UUID

from painelml.core.caller import current_caller
from painelml.core.http import http_routes
from painelml.core.rate_limit import forget_limits
from painelml.identity.permissions import Permission, permitted
from painelml.plans import service as plans
from painelml.plans.models import Subscription, SubscriptionChanges
from painelml.tenancy import service as tenancy

router = http_routes()


@router.get("/admin/tenants/<tenant_id>/subscription")
@permitted(Permission.READ_PLATFORM)
def read_any_subscription(tenant_id: UUID) -> Subscription:
    with tenancy.looked_into(current_caller().user_id, tenant_id) as session:
        return plans.subscription(session)


@router.patch("/admin/tenants/<tenant_id>/subscription")
@permitted(Permission.MANAGE_PLATFORM)
def change_any_subscription(tenant_id: UUID, body: SubscriptionChanges) -> Subscription:
    changed = tenancy.change_subscription(current_caller().user_id, tenant_id, body)
    forget_limits(tenant_id)
    return changed
