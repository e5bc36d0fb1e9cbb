"""API keys: `pml_live_` + 160 random bits in base62 + their CRC-32 in base62, so that scanners know one when they see it.

A key acts for the person who made it: in one tenant, with at most the scopes that it was given and that they still hold.
"""

from __future__ import annotations

import secrets
import zlib
from datetime import timedelta
from uuid import UUID

from painelml.audit import AuditEvent, Detail, record
from painelml.core.caller import Caller
from painelml.core.clock import now
from painelml.core.crypto import same, token_hash
from painelml.core.db import TenantSession, directory_session, placement_of, tenant_session
from painelml.core.errors import Forbidden, NotFound, Unauthenticated
from painelml.core.ids import uuid7
from painelml.core.observability import logger
from painelml.core.pages import Page, decode_id, page_of
from painelml.identity import queries
from painelml.identity.errors import KeyLimitTooHigh, ScopesTooWide
from painelml.identity.models import ApiKey, MadeApiKey, NewApiKey
from painelml.identity.permissions import ROLE_PERMISSIONS, Role
from painelml.identity.tokens import KEY_PREFIX as PREFIX
from painelml.plans import service as plans
from painelml.plans.models import Entitlement

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_BITS = 160
RANDOM_DIGITS = 27  # 62**27 > 2**160
CHECK_DIGITS = 6  # 62**6 > 2**32
SHOWN = len(PREFIX) + 6
LENGTH = len(PREFIX) + RANDOM_DIGITS + CHECK_DIGITS


def prove(key: str) -> Caller:
    """Whom a key speaks for; raises Unauthenticated. A mistyped one costs no query."""
    if not is_well_formed(key):
        raise Unauthenticated
    with directory_session() as session:
        found = queries.find_api_key(session, token_hash(key), moment=now())
        if found and found["is_first_today"]:
            tenant = session.enter(found["tenant_id"])
            record(tenant, AuditEvent.KEY_USED, actor=found["user_id"], subject=str(found["id"]))
    if found is None:
        raise Unauthenticated
    return Caller(
        tenant_id=found["tenant_id"],
        user_id=found["user_id"],
        session_id=found["id"],
        role=found["role"],
        key_id=str(found["id"]),
        scopes=" ".join(found["scopes"]),
        key_limit=found["rate_limit_15m"] or 0,
        placement=placement_of(found["tenant_id"]),
    )


def make(caller: Caller, wanted: NewApiKey) -> MadeApiKey:
    """Raises ScopesTooWide for scopes that the caller does not hold in this tenant, KeyLimitTooHigh above the plan's limit."""
    too_wide = sorted(set(wanted.scopes) - ROLE_PERMISSIONS[Role(caller.role)])
    if too_wide:
        raise ScopesTooWide(scopes=", ".join(too_wide))
    key, key_id, moment = new_key(), uuid7(), now()
    with tenant_session(caller.tenant_id) as session:
        _check_limit(session, wanted.rate_limit_15m)
        added = queries.add_api_key(
            session,
            key_id,
            person=caller.user_id,
            name=wanted.name,
            prefix=key[:SHOWN],
            key_hash=token_hash(key),
            scopes=sorted(set(wanted.scopes)),
            rate_limit=wanted.rate_limit_15m,
            moment=moment,
            until=moment + timedelta(days=wanted.expires_in_days),
        )
        if not added:
            raise Forbidden
        made = queries.api_keys(session, only=key_id, page_size=1)[0]
        details: dict[str, Detail] = {"scopes": len(made["scopes"]), "days": wanted.expires_in_days}
        record(session, AuditEvent.KEY_CREATED, actor=caller.user_id, subject=str(key_id), details=details)
    logger.info("API key made", extra={"key_id": str(key_id)})
    return MadeApiKey(**made, key=key)


def api_keys(session: TenantSession, *, limit: int, cursor: str | None = None) -> Page[ApiKey]:
    """Those that are not revoked, expired ones among them, oldest first."""
    rows = queries.api_keys(session, after=decode_id(cursor), page_size=limit + 1)
    return page_of([ApiKey(**row) for row in rows], limit, key=lambda key: [key.id])


def revoke(session: TenantSession, caller: Caller, key_id: UUID) -> None:
    """The key stops within the minute for which the gateway keeps the authorizer's answer; raises NotFound."""
    if not queries.revoke_api_key(session, key_id, moment=now()):
        raise NotFound
    record(session, AuditEvent.KEY_REVOKED, actor=caller.user_id, subject=str(key_id))
    logger.info("API key revoked", extra={"key_id": str(key_id)})


def _check_limit(session: TenantSession, wanted: int | None) -> None:
    allowed = plans.limit_of(session, Entitlement.RATE_LIMIT_15M)
    if wanted is not None and allowed is not None and wanted > allowed:
        raise KeyLimitTooHigh(limit=allowed)


def is_well_formed(key: str) -> bool:
    """Whether prefix, length, alphabet and checksum are right."""
    if len(key) != LENGTH or not key.startswith(PREFIX) or not set(key[len(PREFIX) :]) <= set(ALPHABET):
        return False
    return same(key[-CHECK_DIGITS:], _checksum(key[:-CHECK_DIGITS]))


def new_key() -> str:
    body = PREFIX + _base62(secrets.randbits(RANDOM_BITS), RANDOM_DIGITS)
    return body + _checksum(body)


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECK_DIGITS)


def _base62(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, len(ALPHABET))
        text = ALPHABET[digit] + text
    return text
