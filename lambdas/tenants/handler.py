"""A tenant and its people, for themselves."""

from __future__ import annotations

from uuid import UUID

from aws_lambda_powertools.event_handler import Response

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import entry_point, http_app
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity import service as people
from painelml.identity.models import NewUser, User, UserChanges
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.plans import service as plans
from painelml.plans.models import Usage
from painelml.tenancy import service as tenancy
from painelml.tenancy import settings
from painelml.tenancy.models import Tenant, TenantChanges
from painelml.tenancy.settings import Settings, SettingsChanges

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
        return tenancy.change_own(session, body, actor=current_caller().user_id)


@app.get("/tenant/usage")
@permitted(Permission.READ_TENANT)
def read_usage() -> Usage:
    with tenant_session(current_tenant()) as session:
        return plans.usage(session)


@app.get("/settings")
@permitted(Permission.READ_TENANT)
def read_settings() -> Settings:
    with tenant_session(current_tenant()) as session:
        return settings.of_tenant(session)


@app.patch("/settings")
@permitted(Permission.MANAGE_TENANT)
def change_settings(body: SettingsChanges) -> Settings:
    with tenant_session(current_tenant()) as session:
        return settings.change_tenants(session, current_caller().user_id, body)


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


handler = entry_point(app)
