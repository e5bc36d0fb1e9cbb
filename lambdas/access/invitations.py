"""People, by invitation."""

from __future__ import annotations

from uuid import UUID

from aws_lambda_powertools.event_handler import Response

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import http_routes, language
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity import invitations
from painelml.identity.models import Invitation, NewInvitation
from painelml.identity.permissions import Permission, current_tenant, permitted

router = http_routes()


@router.get("/invitations")
@permitted(Permission.READ_USERS)
def list_invitations(limit: Limit = 50, cursor: Cursor = None) -> Page[Invitation]:
    with tenant_session(current_tenant()) as session:
        return invitations.invitations(session, limit=limit, cursor=cursor)


@router.post("/invitations", status_code=201)
@permitted(Permission.MANAGE_USERS)
def invite(body: NewInvitation) -> Invitation:
    return invitations.invite(current_caller(), body, language=language(router.current_event.raw_event))


@router.delete("/invitations/<invitation_id>", status_code=204)
@permitted(Permission.MANAGE_USERS)
def revoke_invitation(invitation_id: UUID) -> Response[None]:
    with tenant_session(current_tenant()) as session:
        invitations.revoke(session, current_caller(), invitation_id)
    return Response(204)
