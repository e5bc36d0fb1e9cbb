"""A tenant's own copy of its data."""

from __future__ import annotations

from uuid import UUID

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.privacy import service as privacy
from painelml.privacy.models import Export, ExportLinks

router = http_routes()


@router.post("/tenant/export", status_code=202)
@permitted(Permission.EXPORT_TENANT)
def request_export() -> Export:
    return privacy.request_export(current_caller())


@router.get("/tenant/exports")
@permitted(Permission.EXPORT_TENANT)
def list_exports(limit: Limit = 50, cursor: Cursor = None) -> Page[Export]:
    with tenant_session(current_tenant()) as session:
        return privacy.exports(session, limit=limit, cursor=cursor)


@router.get("/tenant/exports/<export_id>")
@permitted(Permission.EXPORT_TENANT)
def fetch_export(export_id: UUID) -> ExportLinks:
    with tenant_session(current_tenant()) as session:
        return privacy.links(session, export_id)
