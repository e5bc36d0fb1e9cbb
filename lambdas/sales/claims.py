"""Claims and returns, as they are in our tables."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from lambdas.sales.parameters import NUMBER, OfAccount, OfOrder, OfStatus
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.marketplace.claims import service as claims
from painelml.marketplace.claims.models import Claim, ClaimWithReturns

router = http_routes()

OfStage = Annotated[str | None, Query(pattern=r"^[a-z_]{1,60}$", description="Only of this stage, such as dispute.")]
ClaimId = Annotated[str, Path(pattern=NUMBER, description="Mercado Livre's claim id.")]


@router.get("/claims")
@permitted(Permission.READ_SALES)
def list_claims(
    *,
    limit: Limit = 50,
    cursor: Cursor = None,
    account_id: OfAccount = None,
    status: OfStatus = None,
    stage: OfStage = None,
    order_id: OfOrder = None,
) -> Page[Claim]:
    with tenant_session(current_tenant()) as session:
        return claims.list_claims(
            session, account_id=account_id, status=status, stage=stage, order_id=order_id, limit=limit, cursor=cursor
        )


@router.get("/claims/<claim_id>")
@permitted(Permission.READ_SALES)
def read_claim(claim_id: ClaimId) -> ClaimWithReturns:
    with tenant_session(current_tenant()) as session:
        return claims.find_claim(session, claim_id)
