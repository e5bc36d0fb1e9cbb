"""Whether everything is here: comparisons of an account's orders with Mercado Livre's."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler.openapi.params import Query

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.sync import reconciliations
from painelml.sync.models import Completeness, Reconciliation, ReconciliationRequest

router = http_routes()


@router.post("/ml-accounts/<account_id>/reconciliation", status_code=202)
@permitted(Permission.START_SYNC)
def start_reconciliation(account_id: UUID, body: ReconciliationRequest) -> Reconciliation:
    with tenant_session(current_tenant()) as session:
        return reconciliations.request(session, account_id, body, user_id=current_caller().user_id)


@router.get("/ml-accounts/<account_id>/reconciliation")
@permitted(Permission.READ_SALES)
def read_completeness(account_id: UUID) -> Completeness:
    with tenant_session(current_tenant()) as session:
        return reconciliations.completeness(session, account_id)


@router.get("/reconciliations")
@permitted(Permission.READ_SALES)
def list_reconciliations(
    limit: Limit = 50, cursor: Cursor = None, account_id: Annotated[UUID | None, Query()] = None
) -> Page[Reconciliation]:
    with tenant_session(current_tenant()) as session:
        return reconciliations.history(session, account_id=account_id, limit=limit, cursor=cursor)


@router.get("/reconciliations/<reconciliation_id>")
@permitted(Permission.READ_SALES)
def read_reconciliation(reconciliation_id: UUID) -> Reconciliation:
    with tenant_session(current_tenant()) as session:
        return reconciliations.find(session, reconciliation_id)
