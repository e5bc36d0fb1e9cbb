"""An account's own settings."""

from __future__ import annotations

from uuid import UUID

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.marketplace.accounts.service import find_account
from painelml.tenancy import settings
from painelml.tenancy.settings import Settings, SettingsChanges

router = http_routes()


@router.get("/ml-accounts/<account_id>/settings")
@permitted(Permission.READ_ML_ACCOUNTS)
def read_account_settings(account_id: UUID) -> Settings:
    with tenant_session(current_tenant()) as session:
        return settings.of_account(session, find_account(session, account_id).id)


@router.patch("/ml-accounts/<account_id>/settings")
@permitted(Permission.MANAGE_ML_ACCOUNTS)
def change_account_settings(account_id: UUID, body: SettingsChanges) -> Settings:
    with tenant_session(current_tenant()) as session:
        return settings.change_accounts(session, current_caller().user_id, account_id, body)
