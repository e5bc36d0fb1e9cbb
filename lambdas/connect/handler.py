"""Connecting a Mercado Livre account: to the consent page, and back from it."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.errors import PainelError
from painelml.core.http import entry_point, header, http_app
from painelml.identity.permissions import Permission, permitted
from painelml.marketplace.accounts import connect, landing
from painelml.marketplace.accounts.models import Connect, ConnectRequest
from painelml.sync import service as sync

app = http_app()
Told = Annotated[str | None, Query(max_length=512)]


@app.post("/ml-accounts/connect")
@permitted(Permission.MANAGE_ML_ACCOUNTS)
def begin_connection(body: ConnectRequest) -> Response[Connect]:
    origin = header(app.current_event.raw_event, "origin")
    return landing.begun(connect.begin(current_caller(), site_id=body.site_id, origin=origin))


@app.get(connect.CALLBACK)
def finish_connection(state: Told = None, code: Told = None, error: Told = None) -> Response[Any]:
    event = app.current_event.raw_event
    try:
        made = connect.finish(state=state or "", code=code, error=error, cookie=landing.browser_cookie(event))
        with tenant_session(made.account.tenant_id) as session:
            sync.start_first(session, made.account.id, user_id=made.user_id)
    except PainelError as refusal:
        return landing.failed(event, refusal)
    return landing.connected(event, made)


handler = entry_point(app)
