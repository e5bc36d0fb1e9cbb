"""The tokens of an account: sealed at rest, refreshed once however many ask.

A refresh token works once. So a refresh holds the row lock of the account's tokens, re-reads after acquiring it, and commits
the new pair before anyone uses it. Call these functions outside any transaction: each opens its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from painelml.core.clock import now
from painelml.core.crypto import SealBroken, seal, unseal
from painelml.core.db import Row, TenantSession, tenant_session
from painelml.core.observability import logger
from painelml.marketplace.accounts import queries, token_copies
from painelml.marketplace.api import oauth
from painelml.marketplace.api.oauth import Grant
from painelml.marketplace.errors import GrantRefused, MarketplaceBusy, NotSent, OutcomeUnknown, ReconnectRequired

STALE = timedelta(minutes=5)  # a token this close to its end is refreshed before use
REFUSED = "refresh_refused"
ANSWER_LOST = "refresh_answer_lost"
AHEAD = timedelta(minutes=90)  # the hourly schedule refreshes what ends before its next turn, with half an hour to spare


RETRY_WITHIN = timedelta(seconds=8)  # of a refresh's start: the row stays locked, and a transaction may wait 30 s


@dataclass(frozen=True, slots=True)
class Pair:
    """A live pair. repr() keeps the tokens out of logs."""

    access: str
    refresh: str
    expires_at: datetime
    refreshed_at: datetime

    def __repr__(self) -> str:
        return f"Pair(expires_at={self.expires_at})"


def access_token(tenant_id: UUID, account_id: UUID) -> str:
    """A token good for some minutes; raises ReconnectRequired where the account has none any more."""
    if (copy := _copy(tenant_id, account_id)) is not None:
        return copy
    with tenant_session(tenant_id) as session:
        row = queries.tokens(session, account_id)
        pair = _opened(session, account_id, row)
    if row is not None and pair.expires_at > now() + STALE:
        token_copies.keep(tenant_id, account_id, row["access_token"], until=pair.expires_at - STALE)
        return pair.access
    return refreshed(tenant_id, account_id, unlike=pair.access)


def refreshed(tenant_id: UUID, account_id: UUID, *, unlike: str, ahead: bool = False) -> str:
    """An access token other than `unlike`: another worker's if it was quicker, else a new one.

    `ahead`: the present one still works, so the account goes on with it to its end where the refresh token is refused.
    """
    try:
        with tenant_session(tenant_id) as session:
            row = queries.lock_tokens(session, account_id)
            pair = _opened(session, account_id, row)
            if pair.access != unlike:
                return pair.access
            grant = _renewed(pair.refresh)
            sealed, expires_at = save(session, account_id, grant)
    except GrantRefused as refusal:
        return _after_refusal(tenant_id, account_id, pair, refusal, ahead=ahead)
    token_copies.keep(tenant_id, account_id, sealed, until=expires_at - STALE)
    return grant.access_token


def refresh_ahead(tenant_id: UUID, account_id: UUID) -> None:
    """Refreshes a pair that ends soon; one that was refreshed meanwhile is left alone."""
    with tenant_session(tenant_id) as session:
        pair = _opened(session, account_id, queries.tokens(session, account_id))
    if pair.expires_at <= now() + AHEAD:
        refreshed(tenant_id, account_id, unlike=pair.access, ahead=True)


def held(tenant_id: UUID, account_id: UUID) -> Pair | None:
    """The account's pair, if it has one."""
    with tenant_session(tenant_id) as session:
        row = queries.tokens(session, account_id)
        return None if row is None else _opened(session, account_id, row)


def save(session: TenantSession, account_id: UUID, grant: Grant) -> tuple[bytes, datetime]:
    """Seals the pair into the account's row, and schedules its next refresh ahead of its end. The sealed access token, and when
    it ends."""
    moment = now()
    expires_at = moment + timedelta(seconds=grant.expires_in)
    sealed = seal(grant.access_token, bound_to=_owner(session.tenant_id, account_id, "access_token"))
    queries.save_tokens(
        session,
        account_id,
        access_token=sealed,
        refresh_token=seal(grant.refresh_token, bound_to=_owner(session.tenant_id, account_id, "refresh_token")),
        scopes=grant.scopes,
        expires_at=expires_at,
        moment=moment,
    )
    queries.drop_warnings(session, account_id, [REFUSED])
    queries.schedule(session, account_id, "token", due=max(moment, expires_at - AHEAD))
    return sealed, expires_at


def give_up(tenant_id: UUID, account_id: UUID, pair: Pair, reason: str) -> bool:
    """Asks the seller to connect again, unless the account has another pair by now. Whether it had to."""
    with tenant_session(tenant_id) as session:
        row = queries.lock_tokens(session, account_id)
        if row is None or _opened(session, account_id, row).refresh != pair.refresh:
            return False
        queries.set_status(session, account_id, status="RECONNECT_REQUIRED", reason=reason, moment=now())
        queries.delete_tokens(session, account_id)
        queries.unschedule(session, account_id)
    token_copies.forget(tenant_id, account_id)
    logger.warning("account must be reconnected", extra={"account_id": str(account_id), "reason": reason})
    return True


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
                    access_token=seal(pair.access, bound_to=_owner(tenant_id, account_id, "access_token")),
                    refresh_token=seal(pair.refresh, bound_to=_owner(tenant_id, account_id, "refresh_token")),
                )
    return len(accounts)


def _renewed(refresh_token: str) -> Grant:
    """A new pair. A call that never left, or whose answer was lost, is made once more: the one loses nothing, and after the
    other the same token is the only way back to a pair that Mercado Livre may have made already (decision 0048)."""
    started = now()
    try:
        return oauth.refresh_grant(refresh_token)
    except (NotSent, OutcomeUnknown) as lost:
        logger.warning("refresh without an answer", extra={"reason": lost.reason})
        if now() - started > RETRY_WITHIN:
            raise MarketplaceBusy(lost.reason) from None
        was_sent = isinstance(lost, OutcomeUnknown)
    try:
        return oauth.refresh_grant(refresh_token)
    except OutcomeUnknown as lost:
        raise MarketplaceBusy(lost.reason) from None
    except GrantRefused as refused:
        raise (GrantRefused(refused.status, ANSWER_LOST) if was_sent else refused) from None


def _after_refusal(tenant_id: UUID, account_id: UUID, refused: Pair, refusal: GrantRefused, *, ahead: bool) -> str:
    """Re-reads before giving the account up: someone may have connected it again while we asked."""
    if ahead and refused.expires_at > now() + STALE:
        return _to_its_end(tenant_id, account_id, refused)
    if give_up(tenant_id, account_id, refused, refusal.code):
        raise ReconnectRequired
    with tenant_session(tenant_id) as session:
        return _opened(session, account_id, queries.tokens(session, account_id)).access


def _to_its_end(tenant_id: UUID, account_id: UUID, pair: Pair) -> str:
    """The seller is told while there is time; a grant that was taken back shows with the next call."""
    with tenant_session(tenant_id) as session:
        if _opened(session, account_id, queries.lock_tokens(session, account_id)).refresh == pair.refresh:
            queries.add_warning(session, account_id, REFUSED)
            queries.schedule(session, account_id, "token", due=pair.expires_at - STALE)
    return pair.access


def _copy(tenant_id: UUID, account_id: UUID) -> str | None:
    sealed = token_copies.read(tenant_id, account_id)
    try:
        return unseal(sealed, bound_to=_owner(tenant_id, account_id, "access_token")) if sealed else None
    except SealBroken:  # sealed with a key that is gone: the row was sealed anew
        return None


def _opened(session: TenantSession, account_id: UUID, row: Row | None) -> Pair:
    if row is None:
        raise ReconnectRequired
    return Pair(
        access=unseal(row["access_token"], bound_to=_owner(session.tenant_id, account_id, "access_token")),
        refresh=unseal(row["refresh_token"], bound_to=_owner(session.tenant_id, account_id, "refresh_token")),
        expires_at=row["expires_at"],
        refreshed_at=row["refreshed_at"],
    )


def _owner(tenant_id: UUID, account_id: UUID, name: str) -> str:
    return f"{tenant_id}/{account_id}/{name}"
