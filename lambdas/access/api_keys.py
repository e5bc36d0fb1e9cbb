"""Programs, by API key."""

from __future__ import annotations

from uuid import UUID

from aws_lambda_powertools.event_handler import Response

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import SHOWN_ONCE, http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity import api_keys
from painelml.identity.models import ApiKey, MadeApiKey, NewApiKey
from painelml.identity.permissions import Permission, current_tenant, in_person, permitted

router = http_routes()


@router.get("/api-keys")
@in_person
@permitted(Permission.MANAGE_API_KEYS)
def list_api_keys(limit: Limit = 50, cursor: Cursor = None) -> Page[ApiKey]:
    with tenant_session(current_tenant()) as session:
        return api_keys.api_keys(session, limit=limit, cursor=cursor)


@router.post("/api-keys", status_code=201)
@in_person
@permitted(Permission.MANAGE_API_KEYS)
def make_api_key(body: NewApiKey) -> Response[MadeApiKey]:
    return Response(201, "application/json", api_keys.make(current_caller(), body), SHOWN_ONCE)


@router.delete("/api-keys/<key_id>", status_code=204)
@in_person
@permitted(Permission.MANAGE_API_KEYS)
def revoke_api_key(key_id: UUID) -> Response[None]:
    with tenant_session(current_tenant()) as session:
        api_keys.revoke(session, current_caller(), key_id)
    return Response(204)
