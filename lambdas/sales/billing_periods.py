"""The bills that Mercado Livre writes its sellers, as they are in our tables."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler.openapi.params import Query

from lambdas.sales.parameters import OfAccount
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit, Page
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.marketplace.billing_periods import service as billing
from painelml.marketplace.billing_periods.models import BillingCharge, BillingPeriod, BillingPeriodDetails, Group

router = http_routes()

OfGroup = Annotated[Group | None, Query(description="Only Mercado Livre's (ML) or Mercado Pago's (MP).")]


@router.get("/billing-periods")
@permitted(Permission.READ_SALES)
def list_periods(
    limit: Limit = 50, cursor: Cursor = None, account_id: OfAccount = None, group: OfGroup = None
) -> Page[BillingPeriod]:
    with tenant_session(current_tenant()) as session:
        return billing.list_periods(session, account_id=account_id, group=group, limit=limit, cursor=cursor)


@router.get("/billing-periods/<period_id>")
@permitted(Permission.READ_SALES)
def read_period(period_id: UUID) -> BillingPeriodDetails:
    with tenant_session(current_tenant()) as session:
        return billing.find_period(session, period_id)


@router.get("/billing-periods/<period_id>/charges")
@permitted(Permission.READ_SALES)
def list_charges(period_id: UUID, limit: Limit = 50, cursor: Cursor = None) -> Page[BillingCharge]:
    with tenant_session(current_tenant()) as session:
        return billing.list_charges(session, period_id, limit=limit, cursor=cursor)
