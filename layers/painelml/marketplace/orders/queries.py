"""All SQL of orders. Every statement names the tenant, besides row-level security."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from painelml.core.db import Row, TenantSession
from painelml.core.pages import MORE
from painelml.marketplace.documents import minor_or_none
from painelml.marketplace.orders.models import OrderDocument

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
        total=[minor_or_none(order.total, order.currency) for order in fresh],
        paid=[minor_or_none(order.paid, order.currency) for order in fresh],
        marketplace_fee=[minor_or_none(order.marketplace_fee, order.currency) for order in fresh],
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
        unit_price=[minor_or_none(line.unit_price, order.currency) for order, _, line in lines],
        full_unit_price=[minor_or_none(line.full_unit_price, order.currency) for order, _, line in lines],
        sale_fee=[minor_or_none(line.sale_fee, order.currency) for order, _, line in lines],
        currency=[order.currency for order, _, _ in lines],
    )


def orders(
    session: TenantSession,
    *,
    account_id: UUID | None,
    status: str | None,
    pack_id: int | None,
    before: tuple[str, int],
    limit: int,
) -> list[Row]:
    """Newest first. An order without a pack is one of its own, under the order's id."""
    return session.rows(
        """
        select id, account_id, pack_id, status, currency, total, paid, marketplace_fee, shipment_id, buyer_id, tags,
               date_created, date_closed, source_updated_at
        from app.orders
        where tenant_id = %(tenant_id)s and (date_created, id) < (%(before)s::timestamptz, %(before_id)s)
          and (%(account_id)s::uuid is null or account_id = %(account_id)s)
          and (%(status)s::text is null or status = %(status)s)
          and (%(pack_id)s::bigint is null or pack_id = %(pack_id)s or (pack_id is null and id = %(pack_id)s))
        order by date_created desc, id desc limit %(limit)s
        """,
        account_id=account_id,
        status=status,
        pack_id=pack_id,
        before=before[0],
        before_id=before[1],
        limit=limit + MORE,
    )


def orders_of_pack(session: TenantSession, pack_id: int) -> list[Row]:
    """By id; a cart holds far fewer than a page."""
    return session.rows(
        """
        select id, account_id, pack_id, status, currency, total, paid, marketplace_fee, shipment_id, buyer_id, tags,
               date_created, date_closed, source_updated_at
        from app.orders
        where tenant_id = %(tenant_id)s and (pack_id = %(pack_id)s or (pack_id is null and id = %(pack_id)s))
        order by id
        """,
        pack_id=pack_id,
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
