"""Where one is logged in, and ending that."""

from __future__ import annotations

from uuid import UUID

from aws_lambda_powertools.event_handler import Response

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.identity import account
from painelml.identity.models import Session, SessionsEnded
from painelml.identity.permissions import current_tenant, in_person

router = http_routes()


@router.get("/auth/sessions")
@in_person
def list_sessions() -> list[Session]:
    with tenant_session(current_tenant()) as session:
        return account.sessions(session, current_caller())


@router.delete("/auth/sessions/<session_id>", status_code=204)
@in_person
def end_session(session_id: UUID) -> Response[None]:
    with tenant_session(current_tenant()) as session:
        account.end_session(session, current_caller(), session_id)
    return Response(204)


@router.post("/auth/logout-all")
@in_person
def log_out_everywhere() -> SessionsEnded:
    with tenant_session(current_tenant()) as session:
        return account.end_sessions(session, current_caller())
