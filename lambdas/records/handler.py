"""What a tenant can see of what was done in it, and its own copy of its data."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import AwareDatetime

from painelml.audit import AuditEvent
from painelml.audit import service as audit
from painelml.audit.models import AuditEntry
from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import entry_point, http_app
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.privacy import service as privacy
from painelml.privacy.models import Export, ExportLinks

app = http_app()
From = Annotated[AwareDatetime | None, Query(alias="from", description="Entries of this moment and later.")]
To = Annotated[AwareDatetime | None, Query(alias="to", description="Entries before this moment.")]


@app.get("/audit-log")
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


@app.post("/tenant/export", status_code=202)
@permitted(Permission.EXPORT_TENANT)
def request_export() -> Export:
    return privacy.request_export(current_caller())


@app.get("/tenant/exports")
@permitted(Permission.EXPORT_TENANT)
def list_exports(limit: Limit = 50, cursor: Cursor = None) -> Page[Export]:
    with tenant_session(current_tenant()) as session:
        return privacy.exports(session, limit=limit, cursor=cursor)


@app.get("/tenant/exports/<export_id>")
@permitted(Permission.EXPORT_TENANT)
def fetch_export(export_id: UUID) -> ExportLinks:
    with tenant_session(current_tenant()) as session:
        return privacy.links(session, export_id)


handler = entry_point(app)
