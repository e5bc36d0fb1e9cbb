"""How tokens travel to browsers: the refresh token in a cookie that scripts cannot read and other sites cannot send."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from painelml.core.config import config
from painelml.core.request import header
from painelml.identity.models import Refresh, Tokens
from painelml.identity.sessions import IDLE

NAME = "painel_refresh"
PATH = "/api/v1/auth"


def answer(tokens: Tokens, *, as_cookie: bool) -> Response[Tokens]:
    """The tokens in the body; with `as_cookie` the refresh token in the cookie instead."""
    if not as_cookie:
        return _response(tokens, [])
    kept = _cookie(tokens.refresh_token or "", max_age=int(IDLE.total_seconds()))
    return _response(tokens.model_copy(update={"refresh_token": None}), [kept])


def farewell() -> Response[None]:
    """No content, and the cookie gone."""
    return Response(status_code=204, cookies=[_cookie("", max_age=0)])


def presented(event: Mapping[str, Any], body: Refresh | None) -> tuple[str, bool]:
    """The refresh token that the client shows, empty if none, and whether its answer belongs into the cookie."""
    if body is not None and body.refresh_token is not None:
        return body.refresh_token.get_secret_value(), body.cookie
    try:
        morsel = SimpleCookie(header(event, "cookie")).get(NAME)
    except CookieError:
        morsel = None
    return (morsel.value if morsel else ""), True


def _response(tokens: Tokens, cookies: list[Cookie]) -> Response[Tokens]:
    return Response(
        status_code=200, content_type="application/json", body=tokens, headers={"Cache-Control": "no-store"}, cookies=cookies
    )


def _cookie(value: str, *, max_age: int) -> Cookie:
    return Cookie(
        name=NAME,
        value=value,
        path=PATH,
        secure=not config().is_local,
        http_only=True,
        same_site=SameSite.STRICT_MODE,
        max_age=max_age,
    )
