"""A tenant and its people, for themselves; and all tenants, for the platform."""

from __future__ import annotations

from uuid import UUID

from aws_lambda_powertools.event_handler import Response

from painelml.core.caller import current_caller
from painelml.core.db import directory_session, tenant_session
from painelml.core.http import entry_point, http_app
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity import service as people
from painelml.identity.models import NewTenantWithOwner, NewUser, SignedUp, User, UserChanges
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.tenancy import service as tenancy
from painelml.tenancy.models import PlatformTenantChanges, Tenant, TenantChanges, TenantStatus

app = http_app()


@app.get("/tenant")
@permitted(Permission.READ_TENANT)
def read_tenant() -> Tenant:
    with tenant_session(current_tenant()) as session:
        return tenancy.own(session)


@app.patch("/tenant")
@permitted(Permission.MANAGE_TENANT)
def change_tenant(body: TenantChanges) -> Tenant:
    with tenant_session(current_tenant()) as session:
        return tenancy.change_own(session, body)


@app.get("/users")
@permitted(Permission.READ_USERS)
def list_users(limit: Limit = 50, cursor: Cursor = None) -> Page[User]:
    with tenant_session(current_tenant()) as session:
        return people.users(session, limit=limit, cursor=cursor)


@app.post("/users", status_code=201)
@permitted(Permission.MANAGE_USERS)
def add_user(body: NewUser) -> User:
    return people.add_user(current_caller(), body)


@app.patch("/users/<user_id>")
@permitted(Permission.MANAGE_USERS)
def change_user(user_id: UUID, body: UserChanges) -> User:
    with tenant_session(current_tenant()) as session:
        return people.change_user(session, current_caller(), user_id, body)


@app.delete("/users/<user_id>", status_code=204)
@permitted(Permission.MANAGE_USERS)
def deactivate_user(user_id: UUID) -> Response[None]:
    with tenant_session(current_tenant()) as session:
        people.deactivate_user(session, current_caller(), user_id)
    return Response(204)


@app.get("/admin/tenants")
@permitted(Permission.READ_PLATFORM)
def list_tenants(limit: Limit = 50, cursor: Cursor = None, status: TenantStatus | None = None) -> Page[Tenant]:
    with directory_session() as session:
        return tenancy.for_platform(session, current_caller().user_id, limit=limit, cursor=cursor, status=status)


@app.post("/admin/tenants", status_code=201)
@permitted(Permission.MANAGE_PLATFORM)
def open_tenant(body: NewTenantWithOwner) -> SignedUp:
    return people.open_tenant(body)


@app.get("/admin/tenants/<tenant_id>")
@permitted(Permission.READ_PLATFORM)
def read_any_tenant(tenant_id: UUID) -> Tenant:
    with directory_session() as session:
        return tenancy.one_for_platform(session, current_caller().user_id, tenant_id)


@app.patch("/admin/tenants/<tenant_id>")
@permitted(Permission.MANAGE_PLATFORM)
def change_any_tenant(tenant_id: UUID, body: PlatformTenantChanges) -> Tenant:
    with directory_session() as session:
        return tenancy.change_for_platform(session, current_caller().user_id, tenant_id, body)


@app.delete("/admin/tenants/<tenant_id>", status_code=204)
@permitted(Permission.MANAGE_PLATFORM)
def cancel_tenant(tenant_id: UUID) -> Response[None]:
    with directory_session() as session:
        tenancy.cancel(session, current_caller().user_id, tenant_id)
    return Response(204)


handler = entry_point(app)
