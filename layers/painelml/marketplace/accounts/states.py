"""A connection in the making: `state` and the PKCE verifier, for ten minutes and one use.

Valkey holds a copy, the directory a row (K48). Either can say what was kept; only the row says whether it may still be used.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from painelml.core.cache import cache
from painelml.core.clock import now
from painelml.core.crypto import random_token, seal, token_hash, unseal
from painelml.core.db import directory_session, tenant_session
from painelml.core.observability import logger
from painelml.marketplace.accounts import queries
from painelml.marketplace.errors import ConnectionRefused

LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class NewState:
    """What leaves us: `state` and `challenge` in the authorization URL, `cookie` to the browser that started."""

    state: str
    challenge: str
    cookie: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class KeptState:
    """What came back, proved to be from the same browser."""

    tenant_id: UUID
    user_id: UUID
    redirect_uri: str
    verifier: str


@dataclass(frozen=True, slots=True)
class _Held:
    cookie_hash: bytes
    verifier: bytes
    tenant_id: UUID
    user_id: UUID
    redirect_uri: str


def keep(tenant_id: UUID, user_id: UUID, redirect_uri: str) -> NewState:
    """Makes a state for one connection that `user_id` starts."""
    state, verifier, cookie = random_token(), random_token(512), random_token()
    state_hash, expires_at = token_hash(state), now() + LIFE
    held = _Held(token_hash(cookie), seal(verifier, bound_to=_owner(state_hash)), tenant_id, user_id, redirect_uri)
    with tenant_session(tenant_id) as session:
        queries.keep_state(
            session,
            state_hash=state_hash,
            cookie_hash=held.cookie_hash,
            verifier=held.verifier,
            user_id=user_id,
            redirect_uri=redirect_uri,
            expires_at=expires_at,
        )
    _put_copy(state_hash, held)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return NewState(state=state, challenge=challenge, cookie=cookie, expires_at=expires_at)


def take(state: str, cookie: str) -> KeptState:
    """What was kept, for its first use from the browser that started it; raises ConnectionRefused otherwise.

    A state that is shown from another browser is used up by it: whoever holds it should not have it.
    """
    state_hash = token_hash(state)
    held = _take_copy(state_hash)
    with directory_session() as session:
        if held is None and (row := queries.read_state(session, state_hash)):
            held = _Held(**row)
        first = queries.use_state(session, state_hash, moment=now())
    if held is None or not first or not hmac.compare_digest(held.cookie_hash, token_hash(cookie)):
        raise ConnectionRefused
    verifier = unseal(held.verifier, bound_to=_owner(state_hash))
    return KeptState(held.tenant_id, held.user_id, held.redirect_uri, verifier)


def _put_copy(state_hash: bytes, held: _Held) -> None:
    from redis.exceptions import RedisClusterException, RedisError

    copy = {
        "cookie_hash": held.cookie_hash.hex(),
        "verifier": held.verifier.hex(),
        "tenant_id": str(held.tenant_id),
        "user_id": str(held.user_id),
        "redirect_uri": held.redirect_uri,
    }
    try:
        cache().set(_key(state_hash), json.dumps(copy), ex=int(LIFE.total_seconds()))
    except (RedisError, RedisClusterException) as error:
        logger.warning("connection state kept without its copy", extra={"reason": type(error).__name__})


def _take_copy(state_hash: bytes) -> _Held | None:
    from redis.exceptions import RedisClusterException, RedisError

    try:
        text = cache().getdel(_key(state_hash))
    except (RedisError, RedisClusterException) as error:
        logger.warning("connection state read from its row", extra={"reason": type(error).__name__})
        return None
    if not text:
        return None
    copy = json.loads(str(text))
    return _Held(
        cookie_hash=bytes.fromhex(copy["cookie_hash"]),
        verifier=bytes.fromhex(copy["verifier"]),
        tenant_id=UUID(copy["tenant_id"]),
        user_id=UUID(copy["user_id"]),
        redirect_uri=copy["redirect_uri"],
    )


def _key(state_hash: bytes) -> str:
    return f"ml-connect:{state_hash.hex()}"


def _owner(state_hash: bytes) -> str:
    return f"ml-connect/{state_hash.hex()}"
