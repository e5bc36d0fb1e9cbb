"""Syncs of connected accounts: starting them, following them, their history."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler.openapi.params import Query

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.sync import service as sync
from painelml.sync.models import StartedRuns, SyncRequest, SyncRun, SyncStatus

router = http_routes()


@router.post("/ml-accounts/<account_id>/sync", status_code=202)
@permitted(Permission.START_SYNC)
def start_sync(account_id: UUID, body: SyncRequest) -> StartedRuns:
    with tenant_session(current_tenant()) as session:
        return StartedRuns(runs=sync.request(session, account_id, body, user_id=current_caller().user_id))


@router.get("/ml-accounts/<account_id>/sync")
@permitted(Permission.READ_SALES)
def read_sync(account_id: UUID) -> SyncStatus:
    with tenant_session(current_tenant()) as session:
        return sync.status(session, account_id)


@router.get("/sync-runs")
@permitted(Permission.READ_SALES)
def list_runs(limit: Limit = 50, cursor: Cursor = None, account_id: Annotated[UUID | None, Query()] = None) -> Page[SyncRun]:
    with tenant_session(current_tenant()) as session:
        return sync.history(session, account_id=account_id, limit=limit, cursor=cursor)


@router.get("/sync-runs/<run_id>")
@permitted(Permission.READ_SALES)
def read_run(run_id: UUID) -> SyncRun:
    with tenant_session(current_tenant()) as session:
        return sync.find(session, run_id)
