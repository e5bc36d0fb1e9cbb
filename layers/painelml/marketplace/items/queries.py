"""All SQL of listings. Every statement names the tenant, besides row-level security."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from painelml.core.db import Row, TenantSession
from painelml.core.pages import MORE
from painelml.marketplace.documents import WITHOUT_CENTS, minor_or_none
from painelml.marketplace.items.models import ItemDocument, SalePriceDocument


def upsert_items(session: TenantSession, account_id: UUID, items: Iterable[ItemDocument], *, moment: datetime) -> list[str]:
    """Writes what is at least as new as what is held, in three statements; the ids that were written.

    Prices, quantities and variations that a document does not speak of stay.
    """
    newest = {item.id: item for item in sorted(items, key=lambda item: item.updated_at)}
    fresh = [newest[item_id] for item_id in sorted(newest)]  # one order for all writers, so that they cannot deadlock
    if not fresh:
        return []
    written = session.rows(
        """
        insert into app.items as held
            (tenant_id, id, account_id, title, status, category_id, listing_type_id, currency, price, original_price,
             available_quantity, sold_quantity, seller_sku, permalink, thumbnail, date_created, source_updated_at,
             user_product_id, synced_at, raw)
        select %(tenant_id)s, id, %(account_id)s, title, status, category_id, listing_type_id, currency, price,
               original_price, available_quantity, sold_quantity, seller_sku, permalink, thumbnail, date_created,
               updated_at, user_product_id, %(moment)s, raw
        from unnest(
            %(id)s::text[], %(title)s::text[], %(status)s::text[], %(category_id)s::text[], %(listing_type_id)s::text[],
            %(currency)s::text[], %(price)s::bigint[], %(original_price)s::bigint[], %(available_quantity)s::bigint[],
            %(sold_quantity)s::bigint[], %(seller_sku)s::text[], %(permalink)s::text[], %(thumbnail)s::text[],
            %(date_created)s::timestamptz[], %(updated_at)s::timestamptz[],
            %(user_product_id)s::text[], %(raw)s::jsonb[]
        ) as fresh (id, title, status, category_id, listing_type_id, currency, price, original_price, available_quantity,
                    sold_quantity, seller_sku, permalink, thumbnail, date_created, updated_at, user_product_id, raw)
        on conflict (tenant_id, id) do update
        set account_id = excluded.account_id, title = excluded.title, status = excluded.status,
            category_id = excluded.category_id, listing_type_id = excluded.listing_type_id, currency = excluded.currency,
            price = case when excluded.raw ? 'price' then excluded.price else held.price end,
            original_price = case when excluded.raw ? 'original_price' then excluded.original_price
                                  else held.original_price end,
            available_quantity = case when excluded.raw ? 'available_quantity' then excluded.available_quantity
                                      else held.available_quantity end,
            sold_quantity = excluded.sold_quantity,
            seller_sku = excluded.seller_sku, permalink = excluded.permalink, thumbnail = excluded.thumbnail,
            date_created = excluded.date_created, source_updated_at = excluded.source_updated_at,
            user_product_id = coalesce(excluded.user_product_id, held.user_product_id),
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
        price=[minor_or_none(item.price, item.currency) for item in fresh],
        original_price=[minor_or_none(item.original_price, item.currency) for item in fresh],
        available_quantity=[item.available_quantity for item in fresh],
        sold_quantity=[item.sold_quantity for item in fresh],
        seller_sku=[item.seller_sku for item in fresh],
        permalink=[item.permalink for item in fresh],
        thumbnail=[item.thumbnail for item in fresh],
        date_created=[item.date_created for item in fresh],
        updated_at=[item.updated_at for item in fresh],
        user_product_id=[item.user_product_id for item in fresh],
        raw=[json.dumps(item.raw) for item in fresh],
    )
    ids = [row["id"] for row in written]
    _replace_variations(session, [newest[item_id] for item_id in ids if newest[item_id].variations is not None])
    return ids


def _replace_variations(session: TenantSession, items: Sequence[ItemDocument]) -> None:
    if not items:
        return
    named = {(item.id, one.id): (item, one) for item in items for one in item.variations or ()}
    session.execute(
        """
        delete from app.item_variations
        where tenant_id = %(tenant_id)s and item_id = any (%(ids)s::text[])
          and (item_id, id) not in (
            select kept.item_id, kept.id from unnest(%(kept_items)s::text[], %(kept)s::bigint[]) as kept (item_id, id)
          )
        """,
        ids=[item.id for item in items],
        kept_items=[item_id for item_id, _ in named],
        kept=[variation_id for _, variation_id in named],
    )
    if not named:
        return
    session.execute(
        """
        insert into app.item_variations as held
            (tenant_id, item_id, id, position, price, available_quantity, sold_quantity, seller_sku, combination,
             user_product_id, inventory_id)
        select %(tenant_id)s, item_id, id, position, price, available_quantity, sold_quantity, seller_sku, combination,
               user_product_id, inventory_id
        from unnest(
            %(item_id)s::text[], %(id)s::bigint[], %(position)s::integer[], %(price)s::bigint[],
            %(available_quantity)s::bigint[], %(sold_quantity)s::bigint[], %(seller_sku)s::text[], %(combination)s::jsonb[],
            %(user_product_id)s::text[], %(inventory_id)s::text[]
        ) as fresh (item_id, id, position, price, available_quantity, sold_quantity, seller_sku, combination,
                    user_product_id, inventory_id)
        on conflict (tenant_id, item_id, id) do update
        set position = excluded.position, price = coalesce(excluded.price, held.price),
            available_quantity = coalesce(excluded.available_quantity, held.available_quantity),
            sold_quantity = coalesce(excluded.sold_quantity, held.sold_quantity),
            seller_sku = coalesce(excluded.seller_sku, held.seller_sku),
            combination = case when excluded.combination = '[]' then held.combination else excluded.combination end,
            user_product_id = coalesce(excluded.user_product_id, held.user_product_id), inventory_id = excluded.inventory_id
        """,
        item_id=[item.id for item, _ in named.values()],
        id=[one.id for _, one in named.values()],
        position=list(range(len(named))),
        price=[minor_or_none(one.price, item.currency) for item, one in named.values()],
        available_quantity=[one.available_quantity for _, one in named.values()],
        sold_quantity=[one.sold_quantity for _, one in named.values()],
        seller_sku=[one.seller_sku for _, one in named.values()],
        combination=[json.dumps([part.model_dump() for part in one.combination]) for _, one in named.values()],
        user_product_id=[one.user_product_id for _, one in named.values()],
        inventory_id=[one.inventory_id for _, one in named.values()],
    )


def set_sale_prices(session: TenantSession, prices: Sequence[SalePriceDocument]) -> None:
    """What buyers pay, in each item's own currency; an older price than the one held is left out."""
    named = {price.item_id: price for price in sorted(prices, key=lambda price: price.reference_date)}
    if not named:
        return
    fresh = [named[item_id] for item_id in sorted(named)]  # one order for all writers, so that they cannot deadlock
    session.execute(
        """
        update app.items as held
        set sale_price = round(fresh.amount * fresh.scale)::bigint, regular_price = round(fresh.regular * fresh.scale)::bigint,
            promotion_id = fresh.promotion_id, promotion_type = fresh.promotion_type, priced_at = fresh.priced_at,
            priced_version = held.source_updated_at
        from (
            select told.*, case when kept.currency = any (%(without_cents)s) then 1 else 100 end as scale
            from unnest(
                %(id)s::text[], %(amount)s::numeric[], %(regular)s::numeric[], %(promotion_id)s::text[],
                %(promotion_type)s::text[], %(priced_at)s::timestamptz[]
            ) as told (id, amount, regular, promotion_id, promotion_type, priced_at)
            join app.items kept on kept.tenant_id = %(tenant_id)s and kept.id = told.id
        ) as fresh
        where held.tenant_id = %(tenant_id)s and held.id = fresh.id
          and (held.priced_at is null or held.priced_at <= fresh.priced_at)
        """,
        without_cents=sorted(WITHOUT_CENTS),
        id=[price.item_id for price in fresh],
        amount=[price.amount for price in fresh],
        regular=[price.regular_amount for price in fresh],
        promotion_id=[price.promotion_id for price in fresh],
        promotion_type=[price.promotion_type for price in fresh],
        priced_at=[price.reference_date for price in fresh],
    )


def to_be_priced(session: TenantSession, account_id: UUID, *, after: str, limit: int) -> list[str]:
    """The items after an id whose price was not asked for since they changed. What is closed is not sold."""
    rows = session.rows(
        """
        select id from app.items
        where tenant_id = %(tenant_id)s and account_id = %(account_id)s and id > %(after)s and status <> 'closed'
          and priced_version is distinct from source_updated_at
        order by id limit %(limit)s
        """,
        account_id=account_id,
        after=after,
        limit=limit,
    )
    return [row["id"] for row in rows]


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
               available_quantity, sold_quantity, seller_sku, permalink, thumbnail, date_created, source_updated_at, sale_price,
               regular_price, promotion_id, promotion_type, priced_at, user_product_id
        from app.items where tenant_id = %(tenant_id)s and id = %(item_id)s
        """,
        item_id=item_id,
    )


def variations(session: TenantSession, item_id: str) -> list[Row]:
    return session.rows(
        """
        select id, price, available_quantity, sold_quantity, seller_sku, combination, user_product_id, inventory_id
        from app.item_variations where tenant_id = %(tenant_id)s and item_id = %(item_id)s
        order by position
        """,
        item_id=item_id,
    )
