"""Plans and prices, for everyone; and the tenant's own subscription."""

from __future__ import annotations

from painelml.core.db import directory_session, tenant_session
from painelml.core.http import entry_point, http_app
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.plans import service as plans
from painelml.plans.models import Catalogue, Currency, Subscription

app = http_app()


@app.get("/billing/plans")
def list_plans(currency: Currency | None = None) -> Catalogue:
    with directory_session() as session:
        return plans.catalogue(session, currency)


@app.get("/billing/subscription")
@permitted(Permission.READ_TENANT)
def read_subscription() -> Subscription:
    with tenant_session(current_tenant()) as session:
        return plans.subscription(session)


handler = entry_point(app)
