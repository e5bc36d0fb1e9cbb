"""The tenant itself: what it is called, what it has used, what it chose."""

from __future__ import annotations

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.plans import service as plans
from painelml.plans.models import Usage
from painelml.tenancy import service as tenancy
from painelml.tenancy import settings
from painelml.tenancy.models import Tenant, TenantChanges
from painelml.tenancy.settings import Settings, SettingsChanges

router = http_routes()


@router.get("/tenant")
@permitted(Permission.READ_TENANT)
def read_tenant() -> Tenant:
    with tenant_session(current_tenant()) as session:
        return tenancy.own(session)


@router.patch("/tenant")
@permitted(Permission.MANAGE_TENANT)
def change_tenant(body: TenantChanges) -> Tenant:
    with tenant_session(current_tenant()) as session:
        return tenancy.change_own(session, body, actor=current_caller().user_id)


@router.get("/tenant/usage")
@permitted(Permission.READ_TENANT)
def read_usage() -> Usage:
    with tenant_session(current_tenant()) as session:
        return plans.usage(session)


@router.get("/settings")
@permitted(Permission.READ_TENANT)
def read_settings() -> Settings:
    with tenant_session(current_tenant()) as session:
        return settings.of_tenant(session)


@router.patch("/settings")
@permitted(Permission.MANAGE_TENANT)
def change_settings(body: SettingsChanges) -> Settings:
    with tenant_session(current_tenant()) as session:
        return settings.change_tenants(session, current_caller().user_id, body)
