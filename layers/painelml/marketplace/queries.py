"""All SQL of the marketplace context. Every statement on a tenant table names the tenant, besides row-level security."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from painelml.core.db import Row, Session, TenantSession
from painelml.marketplace.models import ItemDocument, OrderDocument, minor_units

MORE = 1  # a page asks for one row more than it shows, to know whether there is a next one


# Accounts and their tokens


def account(session: TenantSession, account_id: UUID) -> Row | None:
    return session.one(
        """
        select id, seller_id, nickname, site_id, status, status_reason, sync_trouble, connected_at, last_synced_at
        from app.ml_accounts where tenant_id = %(tenant_id)s and id = %(account_id)s
        """,
        account_id=account_id,
    )


def accounts(session: TenantSession, *, after: UUID, limit: int) -> list[Row]:
    return session.rows(
        """
        select id, seller_id, nickname, site_id, status, status_reason, sync_trouble, connected_at, last_synced_at
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
                sync_trouble = null, connected_by = excluded.connected_by, connected_at = excluded.connected_at,
                disconnected_at = null, frozen_from = null, updated_at = excluded.connected_at
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


def tokens(session: TenantSession, account_id: UUID) -> Row | None:
    return session.one(
        """
        select access_token, refresh_token, expires_at from app.ml_account_tokens
        where tenant_id = %(tenant_id)s and account_id = %(account_id)s
        """,
        account_id=account_id,
    )


def lock_tokens(session: TenantSession, account_id: UUID) -> Row | None:
    """The tokens, held against every other refresh of this account until the transaction ends."""
    return session.one(
        """
        select access_token, refresh_token, expires_at from app.ml_account_tokens
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


# Items


def upsert_items(session: TenantSession, account_id: UUID, items: Iterable[ItemDocument], *, moment: datetime) -> list[str]:
    """Writes what is at least as new as what is held, in one statement; the ids that were written."""
    newest = {item.id: item for item in sorted(items, key=lambda item: item.last_updated)}
    fresh = [newest[item_id] for item_id in sorted(newest)]  # one order for all writers, so that they cannot deadlock
    if not fresh:
        return []
    written = session.rows(
        """
        insert into app.items as held
            (tenant_id, id, account_id, title, status, category_id, listing_type_id, currency, price, original_price,
             available_quantity, sold_quantity, seller_sku, permalink, thumbnail, date_created, source_updated_at,
             synced_at, raw)
        select %(tenant_id)s, id, %(account_id)s, title, status, category_id, listing_type_id, currency, price,
               original_price, available_quantity, sold_quantity, seller_sku, permalink, thumbnail, date_created,
               updated_at, %(moment)s, raw
        from unnest(
            %(id)s::text[], %(title)s::text[], %(status)s::text[], %(category_id)s::text[], %(listing_type_id)s::text[],
            %(currency)s::text[], %(price)s::bigint[], %(original_price)s::bigint[], %(available_quantity)s::bigint[],
            %(sold_quantity)s::bigint[], %(seller_sku)s::text[], %(permalink)s::text[], %(thumbnail)s::text[],
            %(date_created)s::timestamptz[], %(updated_at)s::timestamptz[], %(raw)s::jsonb[]
        ) as fresh (id, title, status, category_id, listing_type_id, currency, price, original_price, available_quantity,
                    sold_quantity, seller_sku, permalink, thumbnail, date_created, updated_at, raw)
        on conflict (tenant_id, id) do update
        set account_id = excluded.account_id, title = excluded.title, status = excluded.status,
            category_id = excluded.category_id, listing_type_id = excluded.listing_type_id, currency = excluded.currency,
            price = excluded.price, original_price = excluded.original_price,
            available_quantity = excluded.available_quantity, sold_quantity = excluded.sold_quantity,
            seller_sku = excluded.seller_sku, permalink = excluded.permalink, thumbnail = excluded.thumbnail,
            date_created = excluded.date_created, source_updated_at = excluded.source_updated_at,
            synced_at = excluded.synced_at, raw = excluded.raw
        where excluded.source_updated_at >= held.source_updated_at
        returning id
        """,
        account_id=account_id,
        moment=moment,
        id=[item.id for item in fresh],
        title=[item.title for item in fresh],
        status=[item.status for item in fresh],
        category_id=[item.category_id for item in fresh],
        listing_type_id=[item.listing_type_id for item in fresh],
        currency=[item.currency for item in fresh],
        price=[_minor(item.price, item.currency) for item in fresh],
        original_price=[_minor(item.original_price, item.currency) for item in fresh],
        available_quantity=[item.available_quantity for item in fresh],
        sold_quantity=[item.sold_quantity for item in fresh],
        seller_sku=[item.seller_sku for item in fresh],
        permalink=[item.permalink for item in fresh],
        thumbnail=[item.thumbnail for item in fresh],
        date_created=[item.date_created for item in fresh],
        updated_at=[item.last_updated for item in fresh],
        raw=[json.dumps(item.raw) for item in fresh],
    )
    return [row["id"] for row in written]


def items(session: TenantSession, *, account_id: UUID | None, status: str | None, after: str, limit: int) -> list[Row]:
    return session.rows(
        """
        select id, account_id, title, status, category_id, listing_type_id, currency, price, original_price,
               available_quantity, sold_quantity, seller_sku, permalink, thumbnail, date_created, source_updated_at
        from app.items
        where tenant_id = %(tenant_id)s and id > %(after)s
          and (%(account_id)s::uuid is null or account_id = %(account_id)s)
          and (%(status)s::text is null or status = %(status)s)
        order by id limit %(limit)s
        """,
        account_id=account_id,
        status=status,
        after=after,
        limit=limit + MORE,
    )


def item(session: TenantSession, item_id: str) -> Row | None:
    return session.one(
        """
        select id, account_id, title, status, category_id, listing_type_id, currency, price, original_price,
               available_quantity, sold_quantity, seller_sku, permalink, thumbnail, date_created, source_updated_at
        from app.items where tenant_id = %(tenant_id)s and id = %(item_id)s
        """,
        item_id=item_id,
    )


# Orders

# Columns that a partial answer (206) may lack, by the field of the document that they come from.
MERGED = {
    "pack_id": "pack_id",
    "paid": "paid_amount",
    "marketplace_fee": "payments",
    "shipment_id": "shipping",
    "buyer_id": "buyer",
    "tags": "tags",
    "date_closed": "date_closed",
}


def upsert_orders(session: TenantSession, account_id: UUID, orders: Iterable[OrderDocument], *, moment: datetime) -> list[int]:
    """Writes what is at least as new as what is held, lines included, in three statements; the ids that were written.

    A field that a document lacks keeps what was held: a partial answer never erases.
    """
    newest = {order.id: order for order in sorted(orders, key=lambda order: order.updated_at)}
    fresh = [newest[order_id] for order_id in sorted(newest)]  # one order for all writers, so that they cannot deadlock
    if not fresh:
        return []
    written = session.rows(
        """
        insert into app.orders as held
            (tenant_id, id, account_id, pack_id, status, currency, total, paid, marketplace_fee, shipment_id, buyer_id,
             tags, date_created, date_closed, source_updated_at, synced_at, missing, raw)
        select %(tenant_id)s, id, %(account_id)s, pack_id, status, currency, total, paid, marketplace_fee, shipment_id,
               buyer_id, array(select jsonb_array_elements_text(tags)), date_created, date_closed, updated_at, %(moment)s,
               array(select jsonb_array_elements_text(missing)), raw
        from unnest(
            %(id)s::bigint[], %(pack_id)s::bigint[], %(status)s::text[], %(currency)s::text[], %(total)s::bigint[],
            %(paid)s::bigint[], %(marketplace_fee)s::bigint[], %(shipment_id)s::bigint[], %(buyer_id)s::bigint[],
            %(tags)s::jsonb[], %(date_created)s::timestamptz[], %(date_closed)s::timestamptz[],
            %(updated_at)s::timestamptz[], %(missing)s::jsonb[], %(raw)s::jsonb[]
        ) as fresh (id, pack_id, status, currency, total, paid, marketplace_fee, shipment_id, buyer_id, tags, date_created,
                    date_closed, updated_at, missing, raw)
        on conflict (tenant_id, id) do update
        set account_id = excluded.account_id, status = excluded.status, currency = excluded.currency,
            total = excluded.total, date_created = excluded.date_created,
            pack_id = case when 'pack_id' = any (excluded.missing) then held.pack_id else excluded.pack_id end,
            paid = case when 'paid_amount' = any (excluded.missing) then held.paid else excluded.paid end,
            marketplace_fee = case when 'payments' = any (excluded.missing) then held.marketplace_fee
                                   else excluded.marketplace_fee end,
            shipment_id = case when 'shipping' = any (excluded.missing) then held.shipment_id else excluded.shipment_id end,
            buyer_id = case when 'buyer' = any (excluded.missing) then held.buyer_id else excluded.buyer_id end,
            tags = case when 'tags' = any (excluded.missing) then held.tags else excluded.tags end,
            date_closed = case when 'date_closed' = any (excluded.missing) then held.date_closed
                               else excluded.date_closed end,
            source_updated_at = excluded.source_updated_at, synced_at = excluded.synced_at, missing = excluded.missing,
            raw = case when excluded.missing = '{}' then excluded.raw else held.raw || excluded.raw end
        where excluded.source_updated_at >= held.source_updated_at
        returning id
        """,
        account_id=account_id,
        moment=moment,
        id=[order.id for order in fresh],
        pack_id=[order.pack_id for order in fresh],
        status=[order.status for order in fresh],
        currency=[order.currency for order in fresh],
        total=[_minor(order.total, order.currency) for order in fresh],
        paid=[_minor(order.paid, order.currency) for order in fresh],
        marketplace_fee=[_minor(order.marketplace_fee, order.currency) for order in fresh],
        shipment_id=[order.shipment_id for order in fresh],
        buyer_id=[order.buyer_id for order in fresh],
        tags=[json.dumps(order.tags or []) for order in fresh],
        date_created=[order.date_created for order in fresh],
        date_closed=[order.date_closed for order in fresh],
        updated_at=[order.updated_at for order in fresh],
        missing=[json.dumps([field for field in MERGED.values() if field not in order.raw]) for order in fresh],
        raw=[json.dumps(order.raw) for order in fresh],
    )
    ids = [row["id"] for row in written]
    _replace_lines(session, [newest[order_id] for order_id in ids if newest[order_id].lines is not None])
    return ids


def _replace_lines(session: TenantSession, orders: Sequence[OrderDocument]) -> None:
    lines = [(order, position, line) for order in orders for position, line in enumerate(order.lines or ())]
    if not lines:
        return
    session.execute(
        "delete from app.order_items where tenant_id = %(tenant_id)s and order_id = any (%(ids)s::bigint[])",
        ids=[order.id for order in orders],
    )
    session.execute(
        """
        insert into app.order_items
            (tenant_id, order_id, position, item_id, variation_id, title, seller_sku, quantity, unit_price,
             full_unit_price, sale_fee, currency)
        select %(tenant_id)s, order_id, position, item_id, variation_id, title, seller_sku, quantity, unit_price,
               full_unit_price, sale_fee, currency
        from unnest(
            %(order_id)s::bigint[], %(position)s::integer[], %(item_id)s::text[], %(variation_id)s::bigint[],
            %(title)s::text[], %(seller_sku)s::text[], %(quantity)s::bigint[], %(unit_price)s::bigint[],
            %(full_unit_price)s::bigint[], %(sale_fee)s::bigint[], %(currency)s::text[]
        ) as fresh (order_id, position, item_id, variation_id, title, seller_sku, quantity, unit_price, full_unit_price,
                    sale_fee, currency)
        """,
        order_id=[order.id for order, _, _ in lines],
        position=[position for _, position, _ in lines],
        item_id=[line.item_id for _, _, line in lines],
        variation_id=[line.variation_id for _, _, line in lines],
        title=[line.title for _, _, line in lines],
        seller_sku=[line.seller_sku for _, _, line in lines],
        quantity=[line.quantity for _, _, line in lines],
        unit_price=[_minor(line.unit_price, order.currency) for order, _, line in lines],
        full_unit_price=[_minor(line.full_unit_price, order.currency) for order, _, line in lines],
        sale_fee=[_minor(line.sale_fee, order.currency) for order, _, line in lines],
        currency=[order.currency for order, _, _ in lines],
    )


def orders(
    session: TenantSession,
    *,
    account_id: UUID | None,
    status: str | None,
    before: tuple[str, int],
    limit: int,
) -> list[Row]:
    return session.rows(
        """
        select id, account_id, pack_id, status, currency, total, paid, marketplace_fee, shipment_id, buyer_id, tags,
               date_created, date_closed, source_updated_at
        from app.orders
        where tenant_id = %(tenant_id)s and (date_created, id) < (%(before)s::timestamptz, %(before_id)s)
          and (%(account_id)s::uuid is null or account_id = %(account_id)s)
          and (%(status)s::text is null or status = %(status)s)
        order by date_created desc, id desc limit %(limit)s
        """,
        account_id=account_id,
        status=status,
        before=before[0],
        before_id=before[1],
        limit=limit + MORE,
    )


def order(session: TenantSession, order_id: int) -> Row | None:
    return session.one(
        """
        select id, account_id, pack_id, status, currency, total, paid, marketplace_fee, shipment_id, buyer_id, tags,
               date_created, date_closed, source_updated_at
        from app.orders where tenant_id = %(tenant_id)s and id = %(order_id)s
        """,
        order_id=order_id,
    )


def order_lines(session: TenantSession, order_id: int) -> list[Row]:
    return session.rows(
        """
        select item_id, variation_id, title, seller_sku, quantity, unit_price, full_unit_price, sale_fee, currency
        from app.order_items where tenant_id = %(tenant_id)s and order_id = %(order_id)s
        order by position
        """,
        order_id=order_id,
    )


def _minor(amount: Any, currency: str) -> int | None:
    return None if amount is None else minor_units(amount, currency)


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
