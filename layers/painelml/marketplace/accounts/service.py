"""Connected accounts as their tenant sees them."""

from __future__ import annotations

from uuid import UUID

from painelml.core.db import Row, TenantSession
from painelml.core.errors import NotFound
from painelml.core.pages import Page, decode_id, page_of
from painelml.marketplace.accounts import queries
from painelml.marketplace.accounts.health import health_of, reconnect_of
from painelml.marketplace.accounts.models import Account, ConnectedAccount
from painelml.marketplace.api.gate import is_application_blocked


def list_accounts(session: TenantSession, *, limit: int, cursor: str | None) -> Page[Account]:
    after = decode_id(cursor) or UUID(int=0)
    rows = queries.accounts(session, after=after, limit=limit)
    blocked = is_application_blocked()
    return page_of([_account(row, application_blocked=blocked) for row in rows], limit, key=lambda account: (account.id,))


def find_account(session: TenantSession, account_id: UUID) -> Account:
    row = queries.account(session, account_id)
    if row is None:
        raise NotFound
    return _account(row, application_blocked=is_application_blocked())


def connected_account(session: TenantSession, account_id: UUID) -> ConnectedAccount:
    """The account for work on it; raises NotFound for another tenant's."""
    row = queries.account(session, account_id)
    if row is None:
        raise NotFound
    warnings = frozenset(row["warnings"])
    return ConnectedAccount(session.tenant_id, account_id, row["seller_id"], row["site_id"], row["status"], warnings)


def _account(row: Row, *, application_blocked: bool) -> Account:
    return Account(
        id=row["id"],
        seller_id=str(row["seller_id"]),
        nickname=row["nickname"],
        site_id=row["site_id"],
        status=row["status"],
        health=health_of(row, application_blocked=application_blocked),
        reconnect=reconnect_of(row),
        connected_at=row["connected_at"],
        last_synced_at=row["last_synced_at"],
    )
