"""Mercado Livre's authorization: the consent page of each country, and the token endpoint, which is one for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from painelml.core.config import config
from painelml.core.secrets import forget, secret
from painelml.marketplace.api.transport import Call, send
from painelml.marketplace.errors import LONGEST_PAUSE, ApplicationBlocked, CallRefused, GrantRefused, MarketplaceBusy

# Costa Rica is printed in two ways and the last six in none; these are the countries' own domains.
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
    "MCR": "auth.mercadolibre.co.cr",
    "MBO": "auth.mercadolibre.com.bo",
    "MPY": "auth.mercadolibre.com.py",
    "MGT": "auth.mercadolibre.com.gt",
    "MHN": "auth.mercadolibre.com.hn",
    "MNI": "auth.mercadolibre.com.ni",
    "MSV": "auth.mercadolibre.com.sv",
}


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


def exchange_code(code: str, *, redirect_uri: str, verifier: str) -> Grant:
    """The tokens for a single-use code; raises GrantRefused for one that is used, expired or another's."""
    return _token_call(grant_type="authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=verifier)


def refresh_grant(refresh_token: str) -> Grant:
    """A new pair; the given token is dead afterwards. Raises GrantRefused when it already was.

    OutcomeUnknown means that it may be dead, and its successor lost.
    """
    return _token_call(grant_type="refresh_token", refresh_token=refresh_token)


def _token_call(**fields: str) -> Grant:
    """With each of our secrets that may be valid: while a renewal is scheduled there are two."""
    for client_secret in _client_secrets():
        try:
            return _grant(_ask(client_secret, fields))
        except CallRefused as refused:
            if not refused.says("invalid_client"):
                raise
    # What this process keeps may be older than a renewal: the next call reads the secret anew.
    forget()
    raise MarketplaceBusy("our application was refused: invalid_client", LONGEST_PAUSE)


def _ask(client_secret: str, fields: dict[str, str]) -> Any:
    form = {"client_id": str(secret("mercado_livre")["client_id"]), "client_secret": client_secret, **fields}
    try:
        return send(Call("POST", "/oauth/token", form=form)).document
    except CallRefused as refused:
        if refused.says("invalid_grant") or refused.says("unauthorized_client"):
            raise GrantRefused(refused.status, refused.code) from None
        if refused.says("unauthorized_application"):
            # Ours to repair, not the seller's: nobody's account is given up for it.
            raise ApplicationBlocked from None
        raise


def _client_secrets() -> list[str]:
    """The newest first. The secret holds `client_secret`, or `client_secrets` while two are valid."""
    ours = secret("mercado_livre")
    return list(ours["client_secrets"]) if "client_secrets" in ours else [ours["client_secret"]]


def _grant(document: Any) -> Grant:
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
        raise CallRefused(200, "incomplete_grant") from None
