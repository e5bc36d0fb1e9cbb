"""Access tokens: JWTs of 15 minutes, signed with ES256 and proved with the published keys alone (RFC 8725, RFC 9068)."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from painelml.core.caller import Caller
from painelml.core.clock import now
from painelml.core.config import config
from painelml.core.errors import Unauthenticated
from painelml.core.placements import POOL, silo_id, silo_secret_id
from painelml.core.secrets import parameter, secret, secret_document

if TYPE_CHECKING:
    from jwt import PyJWK

ALGORITHM = "ES256"
TYPE = "at+jwt"
AUDIENCE = "painelml-api"
LIFETIME = timedelta(minutes=15)
CLOCK_SKEW = timedelta(seconds=5)
UNKNOWN_KEY_SECONDS = 1.0
KEY_PREFIX = "pml_live_"
CLAIMS = ["exp", "iat", "iss", "aud", "sub", "sid", "tenant", "role"]
PLACEMENT = "painel_placement"
"""The member of a published key that names the silo it signs for; a key without it is the pool's."""


def issuer() -> str:
    """Each environment is an issuer of its own, so that a token of one is nothing in another."""
    return f"https://painelml.example/{config().env}"


def issue(caller: Caller) -> str:
    """A token that says who `caller` is, signed with the current key."""
    import jwt

    keys = _signing_keys(caller.placement)
    moment = now()
    claims = {
        "iss": issuer(),
        "aud": AUDIENCE,
        "iat": moment,
        "exp": moment + LIFETIME,
        "sub": str(caller.user_id),
        "sid": str(caller.session_id),
        "tenant": str(caller.tenant_id),
        "role": caller.role,
        "platform_role": caller.platform_role,
        "placement": caller.placement,
    }
    return jwt.encode(claims, keys["keys"][keys["current"]], ALGORITHM, headers={"kid": keys["current"], "typ": TYPE})


def prove(token: str) -> Caller:
    """Whom a token speaks for; raises Unauthenticated for anything but a live token of this environment."""
    import jwt

    try:
        head = jwt.get_unverified_header(token)
        key = _key_called(head.get("kid", ""))
        if key is None or head.get("typ") != TYPE:
            raise Unauthenticated
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=issuer(),
            leeway=CLOCK_SKEW,
            options={"require": CLAIMS},
        )
        _check_reach(key, claims)
        return Caller(
            tenant_id=UUID(claims["tenant"]),
            user_id=UUID(claims["sub"]),
            session_id=UUID(claims["sid"]),
            role=claims["role"],
            platform_role=claims.get("platform_role", ""),
            placement=claims.get("placement", ""),
        )
    except (jwt.InvalidTokenError, ValueError) as error:
        raise Unauthenticated from error


def _check_reach(key: PyJWK, claims: dict[str, Any]) -> None:
    """A silo's key speaks for its one tenant, and the pool's for the pool: neither can sign its way into the other."""
    placement = claims.get("placement") or POOL
    if key._jwk_data.get(PLACEMENT, POOL) != placement:
        raise Unauthenticated
    if placement != POOL and placement != silo_id(UUID(claims["tenant"])):
        raise Unauthenticated


def _signing_keys(placement: str) -> dict[str, Any]:
    """The pool's rotating set, or the silo's own, whose secret's name follows from its id."""
    if placement in ("", POOL):
        return secret("jwt")
    keys: dict[str, Any] = secret_document(silo_secret_id(placement))["jwt"]
    return keys


def _key_called(kid: str) -> PyJWK | None:
    """An unknown one may have been published a moment ago, for a new silo; a flood of made-up ones costs a read a second."""
    known = _published(parameter("jwks"))
    return known.get(kid) or _published(parameter("jwks", keep_seconds=UNKNOWN_KEY_SECONDS)).get(kid)


@cache
def _published(jwks: str) -> dict[str, PyJWK]:
    """Parsed once for each text that is published."""
    from jwt import PyJWKSet

    return {key.key_id: key for key in PyJWKSet.from_json(jwks).keys if key.key_id}
