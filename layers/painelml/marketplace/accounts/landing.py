"""Where the seller's browser lands after the consent: a small page, the web panel, or JSON for a client that asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from aws_lambda_powertools.event_handler import Response

from painelml.core.errors import PainelError
from painelml.core.http import header, language
from painelml.core.secrets import parameter
from painelml.marketplace.accounts.connect import COOKIE, Beginning, Connection
from painelml.marketplace.accounts.models import Connect

WEB_SETTINGS = "/?ml_account={account_id}#settings"
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · PainelML</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;color:#1f2430;background:#f3f4f7;margin:0}}
main{{max-width:28rem;margin:4rem auto;padding:2rem;background:#fff;border:1px solid #d9dde5;border-radius:12px}}
h1{{font-size:1.4rem;margin:0 0 .75rem}}</style></head>
<body><main><h1>{title}</h1><p>{text}</p><p><a href="{link}">{back}</a></p></main></body></html>
"""
CONNECTED = {
    "pt-BR": ("Conta conectada", "A conta foi conectada e a primeira sincronização (90 dias) começou.", "Voltar ao PainelML"),
    "en": ("Account connected", "The account is connected and the first sync (90 days) has started.", "Back to PainelML"),
}


def wants_json(event: Mapping[str, Any]) -> bool:
    return "application/json" in header(event, "accept").lower()


def browser_cookie(event: Mapping[str, Any]) -> str:
    """The cookie that `connect` set in this browser; empty without one."""
    for part in header(event, "cookie").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def begun(beginning: Beginning) -> Response[Connect]:
    """The authorization URL, and the cookie that ties its consent to this browser."""
    body = Connect(authorization_url=beginning.authorization_url, expires_at=beginning.expires_at)
    headers = {"Cache-Control": "no-store", "Set-Cookie": beginning.set_cookie}
    return Response(status_code=200, content_type="application/json", body=body, headers=headers)


def connected(event: Mapping[str, Any], connection: Connection) -> Response[Any]:
    """The answer to a connection made."""
    account = connection.account
    if wants_json(event):
        body = {"account_id": str(account.id), "seller_id": str(account.seller_id), "status": account.status}
        return Response(status_code=200, content_type="application/json", body=body, headers=HEADERS)
    if connection.by_web:
        where = parameter("web_url").rstrip("/") + WEB_SETTINGS.format(account_id=account.id)
        return Response(status_code=303, headers={**HEADERS, "Location": where})
    return _page(200, language(event), *CONNECTED[language(event)])


def failed(event: Mapping[str, Any], error: PainelError) -> Response[Any]:
    """The page for a connection that was not made; a client that asks for JSON gets the problem document instead."""
    if wants_json(event):
        raise error
    spoken = language(event)
    problem = error.problem(spoken, "")
    return _page(error.status, spoken, problem["title"], problem["detail"], CONNECTED[spoken][2])


def _page(status: int, spoken: str, title: str, text: str, back: str) -> Response[Any]:
    link = parameter("web_url").rstrip("/") + "/"
    body = PAGE.format(language=spoken, title=escape(title), text=escape(text), link=escape(link), back=escape(back))
    return Response(status_code=status, content_type="text/html; charset=utf-8", body=body, headers=HEADERS)
