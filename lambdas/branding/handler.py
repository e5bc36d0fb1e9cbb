"""How a tenant looks: for itself, and for a page before anyone has signed in."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from painelml.branding import service as branding
from painelml.branding.models import Brand, BrandChanges, OwnBrand
from painelml.core.caller import current_caller
from painelml.core.db import directory_session, tenant_session
from painelml.core.http import entry_point, http_app
from painelml.identity.permissions import Permission, current_tenant, permitted

app = http_app()


@app.get("/branding/public")
def read_public_brand(host: Annotated[str, Query(min_length=1, max_length=253)]) -> Brand:
    with directory_session() as session:
        return branding.of_host(session, host)


@app.get("/branding")
@permitted(Permission.READ_TENANT)
def read_brand() -> OwnBrand:
    with tenant_session(current_tenant()) as session:
        return branding.own(session)


@app.patch("/branding")
@permitted(Permission.MANAGE_TENANT)
def change_brand(body: BrandChanges) -> OwnBrand:
    with tenant_session(current_tenant()) as session:
        return branding.change(session, current_caller().user_id, body)


handler = entry_point(app)
