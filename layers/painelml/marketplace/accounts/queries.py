"""All SQL of connected accounts. Every statement on a tenant table names the tenant, besides row-level security."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from painelml.core.db import Row, Session, TenantSession
from painelml.core.pages import MORE

WARNINGS = 40  # of one account, at most

# Accounts and their tokens


def account(session: TenantSession, account_id: UUID) -> Row | None:
    return session.one(
        """
        select id, seller_id, nickname, site_id, status, status_reason, sync_trouble, warnings, connected_at, last_synced_at
        from app.ml_accounts where tenant_id = %(tenant_id)s and id = %(account_id)s
        """,
        account_id=account_id,
    )


def accounts(session: TenantSession, *, after: UUID, limit: int) -> list[Row]:
    return session.rows(
        """
        select id, seller_id, nickname, site_id, status, status_reason, sync_trouble, warnings, connected_at, last_synced_at
        from app.ml_accounts where tenant_id = %(tenant_id)s and id > %(after)s
        order by id limit %(limit)s
        """,
        after=after,
        limit=limit + MORE,
    )


def takes_room(session: TenantSession, seller_id: int) -> bool:
    """Whether the seller's account counts against the plan already."""
    return bool(
        session.value(
            """
            select exists (
                select from app.ml_accounts
                where tenant_id = %(tenant_id)s and seller_id = %(seller_id)s and status not in ('DISCONNECTED', 'FROZEN')
            )
            """,
            seller_id=seller_id,
        )
    )


def is_active_member(session: TenantSession, user_id: UUID) -> bool:
    return bool(session.home.value("select app.is_active_member(%(user_id)s)", user_id=user_id))


def save_account(
    session: TenantSession, *, account_id: UUID, seller_id: int, site_id: str, nickname: str, user_id: UUID, moment: datetime
) -> UUID:
    """The id of the seller's account: the one it had, if it was connected here before."""
    return cast(
        UUID,
        session.value(
            """
            insert into app.ml_accounts
                (tenant_id, id, seller_id, site_id, nickname, connected_by, connected_at)
            values (%(tenant_id)s, %(account_id)s, %(seller_id)s, %(site_id)s, %(nickname)s, %(user_id)s, %(moment)s)
            on conflict (tenant_id, seller_id) do update
            set nickname = excluded.nickname, site_id = excluded.site_id, status = 'ACTIVE', status_reason = null,
                sync_trouble = null, warnings = '{}', connected_by = excluded.connected_by,
                connected_at = excluded.connected_at, disconnected_at = null, frozen_from = null,
                updated_at = excluded.connected_at
            returning id
            """,
            account_id=account_id,
            seller_id=seller_id,
            site_id=site_id,
            nickname=nickname,
            user_id=user_id,
            moment=moment,
        ),
    )


def set_status(session: TenantSession, account_id: UUID, *, status: str, reason: str | None, moment: datetime) -> None:
    """A frozen account that loses its permission stays frozen, and needs reconnecting once there is room."""
    session.execute(
        """
        update app.ml_accounts
        set status = case when status = 'FROZEN' and %(status)s <> 'DISCONNECTED' then 'FROZEN' else %(status)s end,
            frozen_from = case when status = 'FROZEN' and %(status)s <> 'DISCONNECTED' then %(status)s end,
            status_reason = %(reason)s, updated_at = %(moment)s,
            disconnected_at = case when %(status)s = 'DISCONNECTED' then %(moment)s end
        where tenant_id = %(tenant_id)s and id = %(account_id)s
        """,
        account_id=account_id,
        status=status,
        reason=reason,
        moment=moment,
    )


def note_sync(session: TenantSession, account_id: UUID, *, moment: datetime, trouble: str | None) -> None:
    """What the account's row says about its syncs: the last one that ended well, or why the last one did not."""
    session.execute(
        """
        update app.ml_accounts
        set last_synced_at = case when %(trouble)s::text is null then %(moment)s else last_synced_at end,
            sync_trouble = %(trouble)s
        where tenant_id = %(tenant_id)s and id = %(account_id)s
        """,
        account_id=account_id,
        moment=moment,
        trouble=trouble,
    )


def add_warning(session: TenantSession, account_id: UUID, entry: str) -> None:
    session.execute(
        """
        update app.ml_accounts set warnings = array_append(warnings, %(entry)s)
        where tenant_id = %(tenant_id)s and id = %(account_id)s
          and %(entry)s <> all (warnings) and cardinality(warnings) < %(most)s
        """,
        account_id=account_id,
        entry=entry,
        most=WARNINGS,
    )


def drop_warnings(session: TenantSession, account_id: UUID, entries: Sequence[str]) -> None:
    session.execute(
        """
        update app.ml_accounts
        set warnings = array(select held from unnest(warnings) as held where held <> all (%(entries)s::text[]))
        where tenant_id = %(tenant_id)s and id = %(account_id)s and warnings && %(entries)s::text[]
        """,
        account_id=account_id,
        entries=list(entries),
    )


def tokens(session: TenantSession, account_id: UUID) -> Row | None:
    return session.one(
        """
        select access_token, refresh_token, expires_at, refreshed_at from app.ml_account_tokens
        where tenant_id = %(tenant_id)s and account_id = %(account_id)s
        """,
        account_id=account_id,
    )


def lock_tokens(session: TenantSession, account_id: UUID) -> Row | None:
    """The tokens, held against every other refresh of this account until the transaction ends."""
    return session.one(
        """
        select access_token, refresh_token, expires_at, refreshed_at from app.ml_account_tokens
        where tenant_id = %(tenant_id)s and account_id = %(account_id)s for update
        """,
        account_id=account_id,
    )


def save_tokens(
    session: TenantSession,
    account_id: UUID,
    *,
    access_token: bytes,
    refresh_token: bytes,
    scopes: str,
    expires_at: datetime,
    moment: datetime,
) -> None:
    session.execute(
        """
        insert into app.ml_account_tokens
            (tenant_id, account_id, access_token, refresh_token, scopes, expires_at, refreshed_at)
        values (%(tenant_id)s, %(account_id)s, %(access_token)s, %(refresh_token)s, %(scopes)s, %(expires_at)s, %(moment)s)
        on conflict (tenant_id, account_id) do update
        set access_token = excluded.access_token, refresh_token = excluded.refresh_token, scopes = excluded.scopes,
            expires_at = excluded.expires_at, refreshed_at = excluded.refreshed_at
        """,
        account_id=account_id,
        access_token=access_token,
        refresh_token=refresh_token,
        scopes=scopes,
        expires_at=expires_at,
        moment=moment,
    )


def delete_tokens(session: TenantSession, account_id: UUID) -> None:
    session.execute(
        "delete from app.ml_account_tokens where tenant_id = %(tenant_id)s and account_id = %(account_id)s",
        account_id=account_id,
    )


def accounts_with_tokens(session: TenantSession) -> list[UUID]:
    rows = session.rows("select account_id from app.ml_account_tokens where tenant_id = %(tenant_id)s order by account_id")
    return [row["account_id"] for row in rows]


def replace_sealed(session: TenantSession, account_id: UUID, *, access_token: bytes, refresh_token: bytes) -> None:
    """The same tokens, sealed with another key: nothing else about them changes."""
    session.execute(
        """
        update app.ml_account_tokens set access_token = %(access_token)s, refresh_token = %(refresh_token)s
        where tenant_id = %(tenant_id)s and account_id = %(account_id)s
        """,
        account_id=account_id,
        access_token=access_token,
        refresh_token=refresh_token,
    )


# The directory, through its functions


def claim_seller(session: TenantSession, *, seller_id: int, site_id: str, account_id: UUID) -> bool:
    return bool(
        session.home.value(
            "select app.claim_seller(%(seller_id)s, %(site_id)s, %(account_id)s)",
            seller_id=seller_id,
            site_id=site_id,
            account_id=account_id,
        )
    )


def release_seller(session: TenantSession, account_id: UUID) -> None:
    session.home.value("select app.release_seller(%(account_id)s)", account_id=account_id)


def route_sellers(session: Session, sellers: Sequence[int]) -> list[Row]:
    return session.rows(
        "select seller_id, tenant_id, account_id from app.route_sellers(%(sellers)s::bigint[])", sellers=sellers
    )


def sellers_after(session: Session, after: int, *, limit: int) -> list[Row]:
    """The next page of connected sellers, by their numbers."""
    return session.rows(
        "select seller_id, tenant_id, account_id from app.sellers_after(%(after)s, %(limit)s)", after=after, limit=limit
    )


def feed_readers(session: Session) -> list[Row]:
    return session.rows("select site_id, tenant_id, account_id from app.feed_readers()")


def schedule(session: TenantSession, account_id: UUID, purpose: str, *, due: datetime, every: str | None = None) -> None:
    session.home.value(
        "select app.schedule_account(%(account_id)s, %(purpose)s, %(due)s, %(every)s::interval)",
        account_id=account_id,
        purpose=purpose,
        due=due,
        every=every,
    )


def unschedule(session: TenantSession, account_id: UUID) -> None:
    session.home.value("select app.unschedule_account(%(account_id)s)", account_id=account_id)


def due_accounts(session: Session, purpose: str, *, moment: datetime, after: Row | None, limit: int) -> list[Row]:
    """The page after the row `after` of what is due: `{tenant_id, account_id, due_at}`."""
    return session.rows(
        """
        select tenant_id, account_id, due_at
        from app.due_accounts(%(purpose)s, %(moment)s, %(due_at)s::timestamptz, %(tenant)s, %(account)s, %(limit)s)
        """,
        purpose=purpose,
        moment=moment,
        due_at=after["due_at"] if after else "-infinity",
        tenant=after["tenant_id"] if after else UUID(int=0),
        account=after["account_id"] if after else UUID(int=0),
        limit=limit,
    )


def mark_dispatched(session: Session, purpose: str, rows: Sequence[Row], *, moment: datetime) -> None:
    session.value(
        "select app.mark_dispatched(%(purpose)s, %(tenants)s::uuid[], %(accounts)s::uuid[], %(moment)s)",
        purpose=purpose,
        tenants=[row["tenant_id"] for row in rows],
        accounts=[row["account_id"] for row in rows],
        moment=moment,
    )


def keep_state(
    session: TenantSession,
    *,
    state_hash: bytes,
    cookie_hash: bytes,
    verifier: bytes,
    user_id: UUID,
    redirect_uri: str,
    expires_at: datetime,
) -> None:
    session.home.value(
        """
        select app.keep_oauth_state(
            %(state_hash)s, %(cookie_hash)s, %(verifier)s, %(user_id)s, %(redirect_uri)s, %(expires_at)s)
        """,
        state_hash=state_hash,
        cookie_hash=cookie_hash,
        verifier=verifier,
        user_id=user_id,
        redirect_uri=redirect_uri,
        expires_at=expires_at,
    )


def read_state(session: Session, state_hash: bytes) -> Row | None:
    return session.one(
        "select cookie_hash, verifier, tenant_id, user_id, redirect_uri from app.read_oauth_state(%(state_hash)s)",
        state_hash=state_hash,
    )


def use_state(session: Session, state_hash: bytes, *, moment: datetime) -> bool:
    return bool(session.value("select app.use_oauth_state(%(state_hash)s, %(moment)s)", state_hash=state_hash, moment=moment))
