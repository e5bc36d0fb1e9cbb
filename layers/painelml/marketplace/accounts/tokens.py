"""The tokens of an account: sealed at rest, refreshed once however many ask.

A refresh token works once. So a refresh holds the row lock of the account's tokens, re-reads after acquiring it, and commits
the new pair before anyone uses it. Call these functions outside any transaction: each opens its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from painelml.core.clock import now
from painelml.core.crypto import seal, unseal
from painelml.core.db import Row, TenantSession, tenant_session
from painelml.core.observability import logger
from painelml.marketplace.accounts import queries
from painelml.marketplace.api import oauth
from painelml.marketplace.api.oauth import Grant
from painelml.marketplace.errors import GrantRefused, ReconnectRequired

STALE = timedelta(minutes=5)  # a token this close to its end is refreshed before use
AHEAD = timedelta(minutes=90)  # the hourly schedule refreshes what ends before its next turn, with half an hour to spare


@dataclass(frozen=True, slots=True)
class Pair:
    """A live pair. repr() keeps the tokens out of logs."""

    access: str
    refresh: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Pair(expires_at={self.expires_at})"


def access_token(tenant_id: UUID, account_id: UUID) -> str:
    """A token good for some minutes; raises ReconnectRequired where the account has none any more."""
    with tenant_session(tenant_id) as session:
        pair = _opened(session, account_id, queries.tokens(session, account_id))
    if pair.expires_at > now() + STALE:
        return pair.access
    return refreshed(tenant_id, account_id, unlike=pair.access)


def refreshed(tenant_id: UUID, account_id: UUID, *, unlike: str) -> str:
    """An access token other than `unlike`: another worker's if it was quicker, else a new one."""
    try:
        with tenant_session(tenant_id) as session:
            pair = _opened(session, account_id, queries.lock_tokens(session, account_id))
            if pair.access != unlike:
                return pair.access
            grant = oauth.refresh_grant(pair.refresh)
            save(session, account_id, grant)
    except GrantRefused as refusal:
        return _after_refusal(tenant_id, account_id, pair, refusal)
    return grant.access_token


def refresh_ahead(tenant_id: UUID, account_id: UUID) -> None:
    """Refreshes a pair that ends soon; one that was refreshed meanwhile is left alone."""
    with tenant_session(tenant_id) as session:
        pair = _opened(session, account_id, queries.tokens(session, account_id))
    if pair.expires_at <= now() + AHEAD:
        refreshed(tenant_id, account_id, unlike=pair.access)


def save(session: TenantSession, account_id: UUID, grant: Grant) -> None:
    """Seals the pair into the account's row, and schedules its next refresh ahead of its end."""
    moment = now()
    expires_at = moment + timedelta(seconds=grant.expires_in)
    queries.save_tokens(
        session,
        account_id,
        access_token=seal(grant.access_token, bound_to=_owner(session, account_id, "access_token")),
        refresh_token=seal(grant.refresh_token, bound_to=_owner(session, account_id, "refresh_token")),
        scopes=grant.scopes,
        expires_at=expires_at,
        moment=moment,
    )
    queries.schedule(session, account_id, "token", due=max(moment, expires_at - AHEAD))


def reseal(tenant_id: UUID) -> int:
    """Seals the tenant's tokens anew with the current key, under each row's lock; how many pairs there were."""
    with tenant_session(tenant_id) as session:
        accounts = queries.accounts_with_tokens(session)
    for account_id in accounts:
        with tenant_session(tenant_id) as session:
            row = queries.lock_tokens(session, account_id)
            if row is not None:
                pair = _opened(session, account_id, row)
                queries.replace_sealed(
                    session,
                    account_id,
                    access_token=seal(pair.access, bound_to=_owner(session, account_id, "access_token")),
                    refresh_token=seal(pair.refresh, bound_to=_owner(session, account_id, "refresh_token")),
                )
    return len(accounts)


def _after_refusal(tenant_id: UUID, account_id: UUID, refused: Pair, refusal: GrantRefused) -> str:
    """Re-reads before giving the account up: someone may have connected it again while we asked."""
    with tenant_session(tenant_id) as session:
        pair = _opened(session, account_id, queries.lock_tokens(session, account_id))
        if pair.refresh != refused.refresh:
            return pair.access
        queries.set_status(session, account_id, status="RECONNECT_REQUIRED", reason=refusal.code, moment=now())
        queries.delete_tokens(session, account_id)
        queries.unschedule(session, account_id)
    logger.warning("account must be reconnected", extra={"account_id": str(account_id), "reason": refusal.code})
    raise ReconnectRequired


def _opened(session: TenantSession, account_id: UUID, row: Row | None) -> Pair:
    if row is None:
        raise ReconnectRequired
    return Pair(
        access=unseal(row["access_token"], bound_to=_owner(session, account_id, "access_token")),
        refresh=unseal(row["refresh_token"], bound_to=_owner(session, account_id, "refresh_token")),
        expires_at=row["expires_at"],
    )


def _owner(session: TenantSession, account_id: UUID, name: str) -> str:
    return f"{session.tenant_id}/{account_id}/{name}"
