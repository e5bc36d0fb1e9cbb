"""The life of a session."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from painelml.core.caller import current_caller
from painelml.core.http import client_ip, header, http_routes
from painelml.identity import refresh_cookie, sessions
from painelml.identity.models import Client, Login, Refresh, SwitchTenant, Tokens
from painelml.identity.permissions import authenticated

router = http_routes()


@router.post("/auth/login")
def log_in(body: Login) -> Response[Tokens]:
    given = sessions.log_in(body, _client())
    replaced, _ = refresh_cookie.presented(router.current_event.raw_event, None)
    if body.cookie and replaced:
        sessions.log_out(replaced)
    return refresh_cookie.answer(given, as_cookie=body.cookie)


@router.post("/auth/refresh")
def refresh(body: Refresh | None = None) -> Response[Tokens]:
    token, as_cookie = refresh_cookie.presented(router.current_event.raw_event, body)
    return refresh_cookie.answer(sessions.refresh(token, _client()), as_cookie=as_cookie)


@router.post("/auth/logout", status_code=204)
def log_out(body: Refresh | None = None) -> Response[None]:
    sessions.log_out(refresh_cookie.presented(router.current_event.raw_event, body)[0])
    return refresh_cookie.farewell()


@router.post("/auth/switch-tenant")
@authenticated
def switch_tenant(body: SwitchTenant) -> Response[Tokens]:
    return refresh_cookie.answer(sessions.switch(current_caller(), body, _client()), as_cookie=body.cookie)


def _client() -> Client:
    event: dict[str, Any] = router.current_event.raw_event
    return Client(address=client_ip(event), agent=header(event, "user-agent"))
