"""The people of a tenant."""

from __future__ import annotations

from uuid import UUID

from aws_lambda_powertools.event_handler import Response

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity import service as people
from painelml.identity.models import NewUser, User, UserChanges
from painelml.identity.permissions import Permission, current_tenant, permitted

router = http_routes()


@router.get("/users")
@permitted(Permission.READ_USERS)
def list_users(limit: Limit = 50, cursor: Cursor = None) -> Page[User]:
    with tenant_session(current_tenant()) as session:
        return people.users(session, limit=limit, cursor=cursor)


@router.post("/users", status_code=201)
@permitted(Permission.MANAGE_USERS)
def add_user(body: NewUser) -> User:
    return people.add_user(current_caller(), body)


@router.patch("/users/<user_id>")
@permitted(Permission.MANAGE_USERS)
def change_user(user_id: UUID, body: UserChanges) -> User:
    with tenant_session(current_tenant()) as session:
        return people.change_user(session, current_caller(), user_id, body)


@router.delete("/users/<user_id>", status_code=204)
@permitted(Permission.MANAGE_USERS)
def deactivate_user(user_id: UUID) -> Response[None]:
    with tenant_session(current_tenant()) as session:
        people.deactivate_user(session, current_caller(), user_id)
    return Response(204)
