"""The Mercado Livre API over one pooled HTTP session (reference: developers.mercadolivre.com.br).

Every call has timeouts, follows no redirect and sends the token in the header only. Answers are tolerated in whatever
order and number of fields; errors are told apart by status and code.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from painelml.core.config import config
from painelml.core.secrets import secret
from painelml.core.text import storable
from painelml.marketplace.errors import (
    AccessRefused,
    CallRefused,
    GrantRefused,
    MarketplaceBusy,
    ResourceMissing,
    TokenRejected,
)

if TYPE_CHECKING:
    from requests import Response, Session

TIMEOUTS = (3.05, 10)  # connect, read: together well under the 30 s that a transaction may wait
POOL = 16
BLOCKED_PAUSE = 900
CODE = re.compile(r"[\w.\-]{1,60}", re.ASCII)

# The consent page follows the seller's country; the token endpoint is one for all.
AUTHORIZATION_HOSTS = {
    "MLB": "auth.mercadolivre.com.br",
    "MLA": "auth.mercadolibre.com.ar",
    "MLM": "auth.mercadolibre.com.mx",
    "MLC": "auth.mercadolibre.cl",
    "MCO": "auth.mercadolibre.com.co",
    "MLU": "auth.mercadolibre.com.uy",
    "MPE": "auth.mercadolibre.com.pe",
    "MLV": "auth.mercadolibre.com.ve",
    "MEC": "auth.mercadolibre.com.ec",
    "MRD": "auth.mercadolibre.com.do",
    "MPA": "auth.mercadolibre.com.pa",
    "CBT": "global-selling.mercadolibre.com",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer. `missing` names the fields that a 206 left out (header X-Content-Missing)."""

    document: Any
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grant:
    """What the token endpoint gave. Lives in memory only until it is sealed; repr() keeps the tokens out of logs."""

    access_token: str
    refresh_token: str
    expires_in: int
    scopes: str
    seller_id: int

    def __repr__(self) -> str:
        return f"Grant(seller_id={self.seller_id}, expires_in={self.expires_in})"


def authorization_page(site_id: str) -> str:
    """Where a seller of `site_id` gives permission."""
    override = config().mercado_livre_auth_url
    return f"{override.rstrip('/') if override else 'https://' + AUTHORIZATION_HOSTS[site_id]}/authorization"


def application_id() -> int:
    """Our own application's number, which every notification must carry."""
    return int(secret("mercado_livre")["client_id"])


def exchange_code(code: str, *, redirect_uri: str, verifier: str) -> Grant:
    """The tokens for a single-use code; raises GrantRefused for one that is used, expired or another's."""
    return _token_call(grant_type="authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=verifier)


def refresh_grant(refresh_token: str) -> Grant:
    """A new pair; the given token is dead afterwards. Raises GrantRefused when it already was."""
    return _token_call(grant_type="refresh_token", refresh_token=refresh_token)


def get(path: str, token: str, **params: str | int) -> Answer:
    """GET `path`; raises one of marketplace.errors."""
    return _answered(_send("GET", path, token=token, params=params))


def get_all(calls: list[tuple[str, dict[str, str | int]]], token: str) -> list[Answer]:
    """Independent reads at the same time, answers in the order of the calls; the first error wins."""
    if len(calls) == 1:
        return [get(calls[0][0], token, **calls[0][1])]
    return list(_threads().map(lambda call: get(call[0], token, **call[1]), calls))


def revoke(seller_id: int, token: str) -> None:
    """Takes the seller's permission away from our application: every token of the pair dies."""
    _answered(_send("DELETE", f"/users/{seller_id}/applications/{application_id()}", token=token))


@cache
def _session() -> Session:
    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.headers["Accept"] = "application/json"
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=POOL))
    return session


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=POOL, thread_name_prefix="mercado-livre")


def _send(method: str, path: str, *, token: str = "", params: Any = None, form: dict[str, str] | None = None) -> Response:
    import requests

    try:
        return _session().request(
            method,
            config().mercado_livre_api_url.rstrip("/") + path,
            params=params,
            data=form,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=TIMEOUTS,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise MarketplaceBusy(f"no answer: {type(error).__name__}") from None


def _token_call(**fields: str) -> Grant:
    ours = secret("mercado_livre")
    form = {"client_id": str(ours["client_id"]), "client_secret": ours["client_secret"], **fields}
    response = _send("POST", "/oauth/token", form=form)
    try:
        document = _answered(response).document
    except MarketplaceBusy:
        raise
    except CallRefused as refused:
        if refused.code in ("invalid_grant", "unauthorized_client"):
            raise GrantRefused(refused.status, refused.code) from None
        if refused.code in ("invalid_client", "unauthorized_application"):
            # Ours to repair, not the seller's: nobody's account is given up for it.
            raise MarketplaceBusy(f"our application was refused: {refused.code}", BLOCKED_PAUSE) from None
        raise
    try:
        return Grant(
            access_token=document["access_token"],
            refresh_token=document["refresh_token"],
            expires_in=int(document["expires_in"]),
            scopes=str(document.get("scope", "")),
            seller_id=int(document["user_id"]),
        )
    except (KeyError, TypeError, ValueError):
        # Without `offline_access` there is no refresh token, and the account would die in six hours.
        raise CallRefused(response.status_code, "incomplete_grant") from None


def _answered(response: Response) -> Answer:
    if response.status_code == 204:
        return Answer(None)
    if 200 <= response.status_code < 300:
        try:
            document = storable(response.json(), source=response.content)
        except ValueError:
            raise MarketplaceBusy("an answer that is not JSON") from None
        missing = response.headers.get("X-Content-Missing", "") if response.status_code == 206 else ""
        return Answer(document, frozenset(name.strip() for name in missing.split(",") if name.strip()))
    raise _error(response)


def _error(response: Response) -> Exception:
    status, code = response.status_code, _code(response)
    if status == 401:
        if code == "unauthorized_scopes":
            return MarketplaceBusy("our application is blocked", BLOCKED_PAUSE)
        return TokenRejected(status, code)
    if status == 403:
        return AccessRefused(status, code)
    if status == 404:
        return ResourceMissing(status, code)
    if status in (409, 429) or status >= 500 or 300 <= status < 400:
        return MarketplaceBusy(f"answered {status} {code}", _retry_after(response))
    return CallRefused(status, code)


def _code(response: Response) -> str:
    """The machine-readable code of any of the error shapes; free text never passes."""
    try:
        body = response.json()
    except ValueError:
        return "not_json"
    if isinstance(body, dict):
        for name in ("code", "error"):
            value = body.get(name)
            if isinstance(value, str) and CODE.fullmatch(value):
                return value
    return "unknown"


def _retry_after(response: Response) -> int | None:
    given = response.headers.get("Retry-After", "")
    return min(int(given), BLOCKED_PAUSE) if given.isdecimal() else None
