"""Syncs of an account: starting and following them."""

from __future__ import annotations

from uuid import UUID

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.sync import service
from painelml.sync.models import StartedRuns, SyncRequest, SyncStatus

router = http_routes()


@router.post("/ml-accounts/<account_id>/sync", status_code=202)
@permitted(Permission.START_SYNC)
def start_sync(account_id: UUID, body: SyncRequest) -> StartedRuns:
    with tenant_session(current_tenant()) as session:
        return StartedRuns(runs=service.request(session, account_id, body, user_id=current_caller().user_id))


@router.get("/ml-accounts/<account_id>/sync")
@permitted(Permission.READ_SALES)
def read_sync(account_id: UUID) -> SyncStatus:
    with tenant_session(current_tenant()) as session:
        return service.status(session, account_id)
