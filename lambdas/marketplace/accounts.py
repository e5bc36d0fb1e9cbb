"""Accounts: listing and disconnecting."""

from __future__ import annotations

from uuid import UUID

from aws_lambda_powertools.event_handler import Response

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.marketplace.accounts import connect, service
from painelml.marketplace.accounts.models import Account

router = http_routes()


@router.get("/ml-accounts")
@permitted(Permission.READ_ML_ACCOUNTS)
def list_accounts(limit: Limit = 50, cursor: Cursor = None) -> Page[Account]:
    with tenant_session(current_tenant()) as session:
        return service.list_accounts(session, limit=limit, cursor=cursor)


@router.get("/ml-accounts/<account_id>")
@permitted(Permission.READ_ML_ACCOUNTS)
def read_account(account_id: UUID) -> Account:
    with tenant_session(current_tenant()) as session:
        return service.find_account(session, account_id)


@router.delete("/ml-accounts/<account_id>", status_code=204)
@permitted(Permission.MANAGE_ML_ACCOUNTS)
def disconnect_account(account_id: UUID) -> Response[None]:
    connect.disconnect(current_tenant(), account_id, actor=current_caller().user_id)
    return Response(204)
