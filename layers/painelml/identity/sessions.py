"""Sessions: proving a password once, then trading refresh tokens, of which each works once (ASVS 7.2, D5).

A refresh token is opaque and only its hash is kept. Its successor is a keyed function of it, so that an answer that was lost on
the way can be given again to the same client for ten seconds without anything being kept that could be stolen.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from painelml.audit import AuditEvent, Detail, record, record_outside
from painelml.core.caller import Caller
from painelml.core.clock import now
from painelml.core.crypto import random_token, token_hash
from painelml.core.db import Row, directory_session, home_session, placement_of, tenant_session
from painelml.core.errors import NotFound
from painelml.core.ids import uuid7
from painelml.core.observability import log_tenant, logger
from painelml.core.secrets import secret
from painelml.core.standing import acting
from painelml.identity import queries, second_factor, tokens
from painelml.identity.errors import AccessClosed, SessionOver, TooManyTries, TotpRequired, WrongCredentials
from painelml.identity.models import Client, Login, SwitchTenant, Tokens
from painelml.identity.passwords import hash_password, is_outdated, matches
from painelml.identity.throttle import Attempt
from painelml.tenancy.service import refusals_entered

GRACE = timedelta(seconds=10)
IDLE = timedelta(days=7)
ABSOLUTE = timedelta(days=30)


def log_in(wanted: Login, client: Client) -> Tokens:
    """Starts a session in the person's default tenant.

    Raises WrongCredentials, AccessClosed, TotpRequired, WrongCode, TooManyTries.
    """
    with throttling_entered(wanted.email):
        attempt = Attempt("login", account=wanted.email, address=client.address)
    password = wanted.password.get_secret_value()
    with directory_session() as session:
        found = queries.find_login(session, wanted.email)
    if not matches(found["password_hash"] if found else None, password) or found is None:
        _enter_failure(found)
        raise WrongCredentials
    if found["tenant_id"] is None:
        _enter_failure(found)
        raise AccessClosed
    _rehash_if_outdated(found, password)
    if wanted.code is None and second_factor.is_on(found["tenant_id"], found["user_id"]):
        attempt.proved_half()
        raise TotpRequired
    if wanted.code is not None:
        second_factor.spend(found["tenant_id"], found["user_id"], wanted.code.get_secret_value())
    tokens_given = _start(found, client)
    attempt.succeeded(remember=True)
    return tokens_given


def refresh(presented: str, client: Client) -> Tokens:
    """The next token of the family, with role and membership as they are now; raises SessionOver.

    A token that was traded before ends its whole family: either its owner or a thief is holding a copy.
    """
    successor = _successor(presented)
    with directory_session() as session:
        turn = queries.rotate_session(
            session,
            presented=token_hash(presented),
            successor=token_hash(successor),
            successor_id=uuid7(),
            client_hash=_client_hash(client),
            moment=now(),
            grace=GRACE,
            idle=IDLE,
            absolute=ABSOLUTE,
        )
        if turn["outcome"] == "reused":
            subject = str(turn["session_id"])
            record(session.enter(turn["tenant_id"]), AuditEvent.REFRESH_REUSED, actor=turn["user_id"], subject=subject)
    if turn["tenant_id"] is not None:
        log_tenant(turn["tenant_id"])
    logger.info("refresh", extra={"outcome": turn["outcome"], "session_id": str(turn["session_id"])})
    if turn["outcome"] not in ("rotated", "repeated"):
        raise SessionOver
    return _handed_over(turn, turn["session_id"], successor)


def log_out(presented: str) -> None:
    """Ends the token's session. A token that is no one's is as logged out as can be."""
    with directory_session() as session:
        owner = queries.session_owner(session, token_hash(presented))
        queries.end_session(session, token_hash(presented), moment=now())
        if owner is not None:
            subject = str(owner["family_id"])
            record(session.enter(owner["tenant_id"]), AuditEvent.LOGGED_OUT, actor=owner["user_id"], subject=subject)


def switch(caller: Caller, wanted: SwitchTenant, client: Client) -> Tokens:
    """Moves the caller's session into another of their tenants; raises NotFound for one that they may not enter.

    The old tokens end and the new ones keep the session's age: a stolen access token cannot make itself a longer life, and
    its owner notices at once.
    """
    family, first = uuid7(), random_token()
    with refusals_entered(wanted.tenant_id), acting(None), tenant_session(wanted.tenant_id) as session:
        way = queries.move_session(
            session,
            old_family=caller.session_id,
            new_family=family,
            person=caller.user_id,
            token_hash=token_hash(first),
            client_hash=_client_hash(client),
            moment=now(),
            idle=IDLE,
            absolute=ABSOLUTE,
            as_default=wanted.make_default,
        )
        if way is None:
            raise NotFound
        record(session, AuditEvent.TENANT_SWITCHED, actor=caller.user_id, subject=str(caller.tenant_id))
    return _handed_over({**way, "tenant_id": wanted.tenant_id, "user_id": caller.user_id}, family, first)


def _start(found: Row, client: Client) -> Tokens:
    family, first = uuid7(), random_token()
    with home_session(found["tenant_id"]) as session:
        started = queries.start_session(
            session,
            family,
            person=found["user_id"],
            token_hash=token_hash(first),
            client_hash=_client_hash(client),
            moment=now(),
            idle=IDLE,
        )
        if not started:
            raise AccessClosed
        record(session, AuditEvent.LOGGED_IN, actor=found["user_id"], subject=str(family))
    log_tenant(found["tenant_id"])
    logger.info("login", extra={"session_id": str(family)})
    return _handed_over(found, family, first)


@contextmanager
def throttling_entered(email: str) -> Generator[None]:
    """Where guessing at an account has to wait, the first refusal of each wait is entered, as a failed login is."""
    try:
        yield
    except TooManyTries as refused:
        if refused.is_first:
            with directory_session() as session:
                found = queries.find_login(session, email)
            _enter_failure(found, AuditEvent.LOGIN_THROTTLED, {"counted_by": refused.counted_by})
        raise


def _enter_failure(
    found: Row | None, event: AuditEvent = AuditEvent.LOGIN_FAILED, details: dict[str, Detail] | None = None
) -> None:
    """In the chain of the tenant that was knocked at, or in our own: either way one entry, so that both take as long."""
    tenant = found["tenant_id"] if found else None
    with directory_session() as session:
        actor = found["user_id"] if found and tenant else None
        record_outside(session, event, tenant=tenant, actor=actor, details=details)


def _handed_over(person: Row, session_id: UUID, refresh_token: str) -> Tokens:
    caller = Caller(
        tenant_id=person["tenant_id"],
        user_id=person["user_id"],
        session_id=session_id,
        role=person["role"],
        platform_role=person["platform_role"] or "",
        placement=placement_of(person["tenant_id"]),
    )
    return Tokens(
        access_token=tokens.issue(caller), expires_in=int(tokens.LIFETIME.total_seconds()), refresh_token=refresh_token
    )


def _rehash_if_outdated(found: Row, password: str) -> None:
    if is_outdated(found["password_hash"]):
        fresh = hash_password(password)
        with directory_session() as session:
            queries.replace_password_hash(session, found["user_id"], old=found["password_hash"], new=fresh)


def _successor(presented: str) -> str:
    """Nobody without our key can go from a token to the next one; with it, the way is always the same."""
    key = base64.b64decode(secret("jwt")["refresh"])
    return base64.urlsafe_b64encode(hmac.digest(key, presented.encode(), hashlib.sha256)).decode().rstrip("=")


def _client_hash(client: Client) -> bytes:
    return token_hash(f"{client.address}\0{client.agent}")
