"""Carts, put together from our tables."""

from __future__ import annotations

from lambdas.sales.parameters import PackId
from painelml.core.db import tenant_session
from painelml.core.http import http_routes
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.marketplace.packs import service as packs
from painelml.marketplace.packs.models import Pack

router = http_routes()


@router.get("/packs/<pack_id>")
@permitted(Permission.READ_SALES)
def read_pack(pack_id: PackId) -> Pack:
    with tenant_session(current_tenant()) as session:
        return packs.find_pack(session, pack_id)
