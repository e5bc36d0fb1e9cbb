"""What was done in a tenant, for itself to read."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import AwareDatetime

from painelml.audit import AuditEvent
from painelml.audit import service as audit
from painelml.audit.models import AuditEntry
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted

router = http_routes()
From = Annotated[AwareDatetime | None, Query(alias="from", description="Entries of this moment and later.")]
To = Annotated[AwareDatetime | None, Query(alias="to", description="Entries before this moment.")]


@router.get("/audit-log")
@permitted(Permission.READ_AUDIT)
def read_audit_log(
    *,
    limit: Limit = 50,
    cursor: Cursor = None,
    event: AuditEvent | None = None,
    actor: Annotated[UUID | None, Query()] = None,
    since: From = None,
    until: To = None,
) -> Page[AuditEntry]:
    with tenant_session(current_tenant()) as session:
        return audit.entries(session, limit=limit, cursor=cursor, event=event, actor=actor, since=since, until=until)
