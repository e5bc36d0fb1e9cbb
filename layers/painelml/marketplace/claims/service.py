"""What tenants read of their claims, and the one way a claim gets into the tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from painelml.core.clock import now
from painelml.core.db import Row, TenantSession
from painelml.core.errors import NotFound
from painelml.core.pages import Page, newest_first, page_of
from painelml.marketplace.accounts.models import ConnectedAccount
from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.claims import queries
from painelml.marketplace.claims.models import (
    Claim,
    ClaimDocument,
    ClaimWithReturns,
    Resolution,
    Return,
    ReturnDocument,
    read_claim,
    read_return,
)
from painelml.marketplace.errors import ResourceMissing
from painelml.marketplace.ownership import checked

LAST_ID = 2**63 - 1


def list_claims(
    session: TenantSession,
    *,
    account_id: UUID | None,
    status: str | None,
    stage: str | None,
    order_id: str | None,
    limit: int,
    cursor: str | None,
) -> Page[Claim]:
    """Newest first."""
    rows = queries.claims(
        session,
        account_id=account_id,
        status=status,
        stage=stage,
        order_id=int(order_id) if order_id else None,
        before=newest_first(cursor, int, LAST_ID),
        limit=limit,
    )
    return page_of([Claim(**_claim(row)) for row in rows], limit, key=lambda claim: (claim.created_at, claim.id))


def find_claim(session: TenantSession, claim_id: str) -> ClaimWithReturns:
    row = queries.claim(session, int(claim_id))
    if row is None:
        raise NotFound
    return ClaimWithReturns(**_claim(row), returns=[_return(one) for one in queries.returns(session, int(claim_id))])


def fetch_claim(api: SellerApi, claim_id: str) -> ClaimDocument:
    """One claim as Mercado Livre has it now, with its return."""
    document = api.get(f"/post-purchase/v1/claims/{claim_id}").document
    claim = read_claim(document)
    return read_claim(document, fetch_return(api, claim.id)) if claim.has_return else claim


def fetch_return(api: SellerApi, claim_id: int) -> ReturnDocument | None:
    """None where the claim tells of a return that cannot be read yet: what is held of it stays."""
    try:
        return read_return(api.get(f"/post-purchase/v2/claims/{claim_id}/returns").document)
    except ResourceMissing:
        return None


def apply_claims(session: TenantSession, account: ConnectedAccount, claims: Sequence[ClaimDocument]) -> list[int]:
    """Writes claims that are at least as new as what is held; the ids written. Raises AccessRefused for another seller's."""
    owned = [checked(claim, account) for claim in claims]
    return queries.upsert_claims(session, account.id, owned, moment=now())


def _claim(row: Row) -> dict[str, Any]:
    return {
        **{name: row[name] for name in Claim.model_fields if name in row},
        "id": str(row["id"]),
        "order_id": _text(row["order_id"]),
        "resource_id": str(row["resource_id"]),
        "resolution": _resolution(row),
        "created_at": row["date_created"],
        "updated_at": row["source_updated_at"],
    }


def _resolution(row: Row) -> Resolution | None:
    if row["resolution_reason"] is None and row["resolution_closed_by"] is None and row["resolved_at"] is None:
        return None
    return Resolution(
        reason=row["resolution_reason"],
        benefited=row["resolution_benefited"],
        closed_by=row["resolution_closed_by"],
        applied_coverage=row["resolution_coverage"],
        resolved_at=row["resolved_at"],
    )


def _return(row: Row) -> Return:
    return Return(
        id=str(row["id"]),
        status=row["status"],
        status_money=row["status_money"],
        subtype=row["subtype"],
        shipments=row["shipments"],
        items=row["items"],
        created_at=row["date_created"],
        closed_at=row["date_closed"],
        updated_at=row["source_updated_at"],
    )


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
