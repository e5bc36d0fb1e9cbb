"""Sign-up, login, and the life of a session."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.http import client_ip, entry_point, header, http_app, language
from painelml.core.secrets import parameter
from painelml.identity import refresh_cookie, service, sessions
from painelml.identity.models import Client, Login, Me, Refresh, SignedUp, SignUp, SwitchTenant, Tokens
from painelml.identity.permissions import authenticated

app = http_app()


@app.post("/auth/register", status_code=201)
def register(body: SignUp) -> SignedUp:
    event: dict[str, Any] = app.current_event.raw_event
    return service.sign_up(body, address=client_ip(event), language=language(event))


@app.post("/auth/login")
def log_in(body: Login) -> Response[Tokens]:
    given = sessions.log_in(body, _client())
    replaced, _ = refresh_cookie.presented(app.current_event.raw_event, None)
    if body.cookie and replaced:
        sessions.log_out(replaced)
    return refresh_cookie.answer(given, as_cookie=body.cookie)


@app.post("/auth/refresh")
def refresh(body: Refresh | None = None) -> Response[Tokens]:
    token, as_cookie = refresh_cookie.presented(app.current_event.raw_event, body)
    return refresh_cookie.answer(sessions.refresh(token, _client()), as_cookie=as_cookie)


@app.post("/auth/logout", status_code=204)
def log_out(body: Refresh | None = None) -> Response[None]:
    sessions.log_out(refresh_cookie.presented(app.current_event.raw_event, body)[0])
    return refresh_cookie.farewell()


@app.post("/auth/switch-tenant")
@authenticated
def switch_tenant(body: SwitchTenant) -> Response[Tokens]:
    return refresh_cookie.answer(sessions.switch(current_caller(), body, _client()), as_cookie=body.cookie)


@app.get("/me")
@authenticated
def me() -> Me:
    caller = current_caller()
    with tenant_session(caller.tenant_id) as session:
        return service.me(session, caller)


@app.get("/.well-known/jwks.json")
def jwks() -> Response[str]:
    return Response(200, "application/json", parameter("jwks"), {"Cache-Control": "public, max-age=300"})


def _client() -> Client:
    event: dict[str, Any] = app.current_event.raw_event
    return Client(address=client_ip(event), agent=header(event, "user-agent"))


handler = entry_point(app)
