"""Comparisons with Mercado Livre, as the seller reads them: "0 missing, last full check …"."""

from __future__ import annotations

from uuid import UUID

from painelml.core.db import Row, TenantSession
from painelml.core.errors import NotFound
from painelml.core.pages import Page, newest_first, page_of
from painelml.marketplace.accounts.service import connected_account, working_account
from painelml.sync import queries, service
from painelml.sync.models import (
    Completeness,
    Findings,
    NothingToCompare,
    Reconciliation,
    ReconciliationRequest,
    SyncAlreadyRunning,
)

LAST_ID = UUID(int=2**128 - 1)


def request(session: TenantSession, account_id: UUID, wanted: ReconciliationRequest, *, user_id: UUID) -> Reconciliation:
    """Starts one; raises SyncAlreadyRunning or NothingToCompare."""
    working_account(session, account_id)
    if queries.synced_since(session, account_id) is None:
        raise NothingToCompare(account_id=str(account_id))
    run_id = service.start(session, account_id, "reconcile", days=wanted.days, trigger="manual", user_id=user_id)
    if run_id is None:
        raise SyncAlreadyRunning(account_id=str(account_id))
    return find(session, run_id)


def find(session: TenantSession, run_id: UUID) -> Reconciliation:
    rows = queries.reconciliations(session, account_id=None, run_id=run_id, before=("infinity", LAST_ID), limit=1)
    if not rows:
        raise NotFound
    return _reconciliation(rows[0])


def history(session: TenantSession, *, account_id: UUID | None, limit: int, cursor: str | None) -> Page[Reconciliation]:
    """Newest first."""
    before = newest_first(cursor, UUID, LAST_ID)
    rows = queries.reconciliations(session, account_id=account_id, run_id=None, before=before, limit=limit)
    return page_of([_reconciliation(row) for row in rows], limit, key=lambda run: (run.started_at, run.id))


def completeness(session: TenantSession, account_id: UUID) -> Completeness:
    """What the account's comparisons say together."""
    connected_account(session, account_id)
    since = queries.synced_since(session, account_id)
    last = queries.last_check(session, account_id)
    return Completeness(
        account_id=account_id,
        missing=_left(last) if last else None,
        since=since,
        last_check_at=last["finished_at"] if last else None,
        last_full_check_at=queries.last_full_check(session, account_id, since=since) if since else None,
    )


def _left(row: Row) -> int:
    """Found and not repaired, or not even readable."""
    return int(row["missing_found"] + row["stale_found"] - row["repaired_found"]) + len(row["errors"])


def _reconciliation(row: Row) -> Reconciliation:
    found = Findings(**{name: row[f"{name}_found"] for name in Findings.model_fields})
    own = {name: row[name] for name in Reconciliation.model_fields if name in row}
    return Reconciliation(**own, found=found, left=_left(row))
