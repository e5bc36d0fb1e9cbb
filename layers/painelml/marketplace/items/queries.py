"""All SQL of listings. Every statement names the tenant, besides row-level security."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from painelml.core.db import Row, TenantSession
from painelml.core.pages import MORE
from painelml.marketplace.documents import minor_or_none
from painelml.marketplace.items.models import ItemDocument


def upsert_items(session: TenantSession, account_id: UUID, items: Iterable[ItemDocument], *, moment: datetime) -> list[str]:
    """Writes what is at least as new as what is held, in one statement; the ids that were written."""
    newest = {item.id: item for item in sorted(items, key=lambda item: item.updated_at)}
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
        price=[minor_or_none(item.price, item.currency) for item in fresh],
        original_price=[minor_or_none(item.original_price, item.currency) for item in fresh],
        available_quantity=[item.available_quantity for item in fresh],
        sold_quantity=[item.sold_quantity for item in fresh],
        seller_sku=[item.seller_sku for item in fresh],
        permalink=[item.permalink for item in fresh],
        thumbnail=[item.thumbnail for item in fresh],
        date_created=[item.date_created for item in fresh],
        updated_at=[item.updated_at for item in fresh],
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
