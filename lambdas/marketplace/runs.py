"""Runs of syncs: their history, and pausing, resuming and cancelling one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler.openapi.params import Query

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.sync import control, service
from painelml.sync.models import SyncRun

router = http_routes()


@router.get("/sync-runs")
@permitted(Permission.READ_SALES)
def list_runs(limit: Limit = 50, cursor: Cursor = None, account_id: Annotated[UUID | None, Query()] = None) -> Page[SyncRun]:
    with tenant_session(current_tenant()) as session:
        return service.history(session, account_id=account_id, limit=limit, cursor=cursor)


@router.get("/sync-runs/<run_id>")
@permitted(Permission.READ_SALES)
def read_run(run_id: UUID) -> SyncRun:
    with tenant_session(current_tenant()) as session:
        return service.find(session, run_id)


@router.post("/sync-runs/<run_id>/pause")
@permitted(Permission.START_SYNC)
def pause_run(run_id: UUID) -> SyncRun:
    with tenant_session(current_tenant()) as session:
        return control.pause(session, run_id, actor=current_caller().user_id)


@router.post("/sync-runs/<run_id>/resume")
@permitted(Permission.START_SYNC)
def resume_run(run_id: UUID) -> SyncRun:
    with tenant_session(current_tenant()) as session:
        return control.resume(session, run_id, actor=current_caller().user_id)


@router.post("/sync-runs/<run_id>/cancel")
@permitted(Permission.START_SYNC)
def cancel_run(run_id: UUID) -> SyncRun:
    with tenant_session(current_tenant()) as session:
        return control.cancel(session, run_id, actor=current_caller().user_id)
