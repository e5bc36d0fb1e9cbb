"""Mercado Livre accounts: connecting, listing, disconnecting, and their syncs."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import entry_point, http_app
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.marketplace.accounts import connect
from painelml.marketplace.accounts import service as accounts
from painelml.marketplace.accounts.models import Account
from painelml.sync import control
from painelml.sync import service as sync
from painelml.sync.models import StartedRuns, SyncRequest, SyncRun, SyncStatus
from painelml.tenancy import settings
from painelml.tenancy.settings import Settings, SettingsChanges

app = http_app()


@app.get("/ml-accounts")
@permitted(Permission.READ_ML_ACCOUNTS)
def list_accounts(limit: Limit = 50, cursor: Cursor = None) -> Page[Account]:
    with tenant_session(current_tenant()) as session:
        return accounts.list_accounts(session, limit=limit, cursor=cursor)


@app.get("/ml-accounts/<account_id>")
@permitted(Permission.READ_ML_ACCOUNTS)
def read_account(account_id: UUID) -> Account:
    with tenant_session(current_tenant()) as session:
        return accounts.find_account(session, account_id)


@app.delete("/ml-accounts/<account_id>", status_code=204)
@permitted(Permission.MANAGE_ML_ACCOUNTS)
def disconnect_account(account_id: UUID) -> Response[None]:
    connect.disconnect(current_tenant(), account_id, actor=current_caller().user_id)
    return Response(204)


@app.get("/ml-accounts/<account_id>/settings")
@permitted(Permission.READ_ML_ACCOUNTS)
def read_account_settings(account_id: UUID) -> Settings:
    with tenant_session(current_tenant()) as session:
        return settings.of_account(session, accounts.find_account(session, account_id).id)


@app.patch("/ml-accounts/<account_id>/settings")
@permitted(Permission.MANAGE_ML_ACCOUNTS)
def change_account_settings(account_id: UUID, body: SettingsChanges) -> Settings:
    with tenant_session(current_tenant()) as session:
        return settings.change_accounts(session, current_caller().user_id, account_id, body)


@app.post("/ml-accounts/<account_id>/sync", status_code=202)
@permitted(Permission.START_SYNC)
def start_sync(account_id: UUID, body: SyncRequest) -> StartedRuns:
    with tenant_session(current_tenant()) as session:
        return StartedRuns(runs=sync.request(session, account_id, body, user_id=current_caller().user_id))


@app.get("/ml-accounts/<account_id>/sync")
@permitted(Permission.READ_SALES)
def read_sync(account_id: UUID) -> SyncStatus:
    with tenant_session(current_tenant()) as session:
        return sync.status(session, account_id)


@app.get("/sync-runs")
@permitted(Permission.READ_SALES)
def list_runs(limit: Limit = 50, cursor: Cursor = None, account_id: Annotated[UUID | None, Query()] = None) -> Page[SyncRun]:
    with tenant_session(current_tenant()) as session:
        return sync.history(session, account_id=account_id, limit=limit, cursor=cursor)


@app.get("/sync-runs/<run_id>")
@permitted(Permission.READ_SALES)
def read_run(run_id: UUID) -> SyncRun:
    with tenant_session(current_tenant()) as session:
        return sync.find(session, run_id)


@app.post("/sync-runs/<run_id>/pause")
@permitted(Permission.START_SYNC)
def pause_run(run_id: UUID) -> SyncRun:
    with tenant_session(current_tenant()) as session:
        return control.pause(session, run_id, actor=current_caller().user_id)


@app.post("/sync-runs/<run_id>/resume")
@permitted(Permission.START_SYNC)
def resume_run(run_id: UUID) -> SyncRun:
    with tenant_session(current_tenant()) as session:
        return control.resume(session, run_id, actor=current_caller().user_id)


@app.post("/sync-runs/<run_id>/cancel")
@permitted(Permission.START_SYNC)
def cancel_run(run_id: UUID) -> SyncRun:
    with tenant_session(current_tenant()) as session:
        return control.cancel(session, run_id, actor=current_caller().user_id)


handler = entry_point(app)
