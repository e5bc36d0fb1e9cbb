"""How Mercado Livre rates a connected account."""

from __future__ import annotations

from uuid import UUID

from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.marketplace.sellers import service as sellers
from painelml.marketplace.sellers.models import Reputation

router = http_routes()


@router.get("/ml-accounts/<account_id>/reputation")
@permitted(Permission.READ_SALES)
def read_reputation(account_id: UUID) -> Reputation:
    with tenant_session(current_tenant()) as session:
        return sellers.find_reputation(session, account_id)
