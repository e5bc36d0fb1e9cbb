"""All SQL of shipments. Every statement names the tenant, besides row-level security."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from painelml.core.db import Row, TenantSession
from painelml.core.pages import MORE
from painelml.marketplace.documents import minor_or_none
from painelml.marketplace.shipments.models import ShipmentDocument

# Columns that a document may lack: by the field that says so. What was held of them stays.
MERGED = (
    *("substatus", "mode", "logistic_type", "tracking_number", "tracking_method", "declared_value"),
    *("zip_code", "city", "state", "estimated_delivery_at", "estimated_limit_at"),
)


def upsert_shipments(
    session: TenantSession, account_id: UUID, shipments: Iterable[ShipmentDocument], *, moment: datetime
) -> list[int]:
    """Writes what is at least as new as what is held, and whose parcels they are, in two statements; the ids written.

    A field that a document lacks keeps what was held, and so do costs that could not be read.
    """
    newest = {shipment.id: shipment for shipment in sorted(shipments, key=lambda shipment: shipment.updated_at)}
    fresh = [newest[shipment_id] for shipment_id in sorted(newest)]  # one order for all writers: they cannot deadlock
    if not fresh:
        return []
    written = session.rows(
        """
        insert into app.shipments as held
            (tenant_id, id, account_id, status, substatus, mode, logistic_type, tracking_number, tracking_method, currency,
             seller_cost, receiver_cost, declared_value, zip_code, city, state, estimated_delivery_at, estimated_limit_at,
             date_created, source_updated_at, synced_at, missing, raw)
        select %(tenant_id)s, id, %(account_id)s, status, substatus, mode, logistic_type, tracking_number, tracking_method,
               currency, seller_cost, receiver_cost, declared_value, zip_code, city, state, estimated_delivery_at,
               estimated_limit_at, date_created, updated_at, %(moment)s,
               array(select jsonb_array_elements_text(missing)), raw
        from unnest(
            %(id)s::bigint[], %(status)s::text[], %(substatus)s::text[], %(mode)s::text[], %(logistic_type)s::text[],
            %(tracking_number)s::text[], %(tracking_method)s::text[], %(currency)s::text[], %(seller_cost)s::bigint[],
            %(receiver_cost)s::bigint[], %(declared_value)s::bigint[], %(zip_code)s::text[], %(city)s::text[],
            %(state)s::text[], %(estimated_delivery_at)s::timestamptz[], %(estimated_limit_at)s::timestamptz[],
            %(date_created)s::timestamptz[], %(updated_at)s::timestamptz[], %(missing)s::jsonb[], %(raw)s::jsonb[]
        ) as fresh (id, status, substatus, mode, logistic_type, tracking_number, tracking_method, currency, seller_cost,
                    receiver_cost, declared_value, zip_code, city, state, estimated_delivery_at, estimated_limit_at,
                    date_created, updated_at, missing, raw)
        on conflict (tenant_id, id) do update
        set account_id = excluded.account_id, status = excluded.status, currency = excluded.currency,
            date_created = excluded.date_created,
            substatus = case when 'substatus' = any (excluded.missing) then held.substatus else excluded.substatus end,
            mode = case when 'mode' = any (excluded.missing) then held.mode else excluded.mode end,
            logistic_type = case when 'logistic_type' = any (excluded.missing) then held.logistic_type
                                 else excluded.logistic_type end,
            tracking_number = case when 'tracking_number' = any (excluded.missing) then held.tracking_number
                                   else excluded.tracking_number end,
            tracking_method = case when 'tracking_method' = any (excluded.missing) then held.tracking_method
                                   else excluded.tracking_method end,
            declared_value = case when 'declared_value' = any (excluded.missing) then held.declared_value
                                  else excluded.declared_value end,
            seller_cost = coalesce(excluded.seller_cost, held.seller_cost),
            receiver_cost = coalesce(excluded.receiver_cost, held.receiver_cost),
            zip_code = case when 'zip_code' = any (excluded.missing) then held.zip_code else excluded.zip_code end,
            city = case when 'city' = any (excluded.missing) then held.city else excluded.city end,
            state = case when 'state' = any (excluded.missing) then held.state else excluded.state end,
            estimated_delivery_at = case when 'estimated_delivery_at' = any (excluded.missing)
                                         then held.estimated_delivery_at else excluded.estimated_delivery_at end,
            estimated_limit_at = case when 'estimated_limit_at' = any (excluded.missing) then held.estimated_limit_at
                                      else excluded.estimated_limit_at end,
            source_updated_at = excluded.source_updated_at, synced_at = excluded.synced_at, missing = excluded.missing,
            raw = held.raw || excluded.raw
        where excluded.source_updated_at >= held.source_updated_at
        returning id
        """,
        account_id=account_id,
        moment=moment,
        id=[shipment.id for shipment in fresh],
        status=[shipment.status for shipment in fresh],
        substatus=[shipment.substatus for shipment in fresh],
        mode=[shipment.mode for shipment in fresh],
        logistic_type=[shipment.logistic_type for shipment in fresh],
        tracking_number=[shipment.tracking_number for shipment in fresh],
        tracking_method=[shipment.tracking_method for shipment in fresh],
        currency=[shipment.currency for shipment in fresh],
        seller_cost=[minor_or_none(shipment.seller_cost, shipment.currency) for shipment in fresh],
        receiver_cost=[minor_or_none(shipment.receiver_cost, shipment.currency) for shipment in fresh],
        declared_value=[minor_or_none(shipment.declared_value, shipment.currency) for shipment in fresh],
        zip_code=[shipment.zip_code for shipment in fresh],
        city=[shipment.city for shipment in fresh],
        state=[shipment.state for shipment in fresh],
        estimated_delivery_at=[shipment.estimated_delivery_at for shipment in fresh],
        estimated_limit_at=[shipment.estimated_limit_at for shipment in fresh],
        date_created=[shipment.date_created for shipment in fresh],
        updated_at=[shipment.updated_at for shipment in fresh],
        missing=[json.dumps([name for name in MERGED if name not in shipment.model_fields_set]) for shipment in fresh],
        raw=[json.dumps(shipment.raw) for shipment in fresh],
    )
    ids = [row["id"] for row in written]
    _link_orders(session, [newest[shipment_id] for shipment_id in ids])
    return ids


def _link_orders(session: TenantSession, shipments: Sequence[ShipmentDocument]) -> None:
    """Adds what is new: a parcel never loses an order, a split one is cancelled and its orders with it."""
    pairs = [(shipment.id, order_id) for shipment in shipments for order_id in shipment.order_ids]
    if not pairs:
        return
    session.execute(
        """
        insert into app.shipment_orders (tenant_id, shipment_id, order_id)
        select %(tenant_id)s, shipment_id, order_id
        from unnest(%(shipment_id)s::bigint[], %(order_id)s::bigint[]) as fresh (shipment_id, order_id)
        on conflict do nothing
        """,
        shipment_id=[shipment_id for shipment_id, _ in pairs],
        order_id=[order_id for _, order_id in pairs],
    )


def note_asked(session: TenantSession, shipment_ids: Sequence[int], *, moment: datetime) -> None:
    """These were asked for and refused: they wait as long for the next time as those that were read."""
    session.execute(
        "update app.shipments set synced_at = %(moment)s where tenant_id = %(tenant_id)s and id = any (%(ids)s::bigint[])",
        ids=list(shipment_ids),
        moment=moment,
    )


def wanted(
    session: TenantSession,
    account_id: UUID,
    *,
    since: datetime,
    told_since: datetime,
    read_before: datetime,
    final: Sequence[str],
    final_not_delivered: Sequence[str],
    after: int,
    limit: int,
) -> list[Row]:
    """`{shipment_id, order_ids}` of orders made after `since`, by id: what is missing of orders that came in after
    `told_since`, and what may still move and was read before `read_before`."""
    return session.rows(
        """
        select o.shipment_id, array_agg(o.id order by o.id) as order_ids
        from app.orders as o
        left join app.shipments as s on s.tenant_id = %(tenant_id)s and s.id = o.shipment_id
        where o.tenant_id = %(tenant_id)s and o.account_id = %(account_id)s and o.shipment_id > %(after)s
          and o.date_created >= %(since)s
          and case when s.id is null then o.synced_at >= %(told_since)s
                   else s.synced_at < %(read_before)s and s.status <> all (%(final)s::text[])
                        and (s.status <> 'not_delivered' or s.substatus is null
                             or s.substatus <> all (%(final_not_delivered)s::text[]))
              end
        group by o.shipment_id order by o.shipment_id limit %(limit)s
        """,
        account_id=account_id,
        since=since,
        told_since=told_since,
        read_before=read_before,
        final=list(final),
        final_not_delivered=list(final_not_delivered),
        after=after,
        limit=limit,
    )


def shipments(
    session: TenantSession,
    *,
    account_id: UUID | None,
    status: str | None,
    order_id: int | None,
    before: tuple[str, int],
    limit: int,
) -> list[Row]:
    return session.rows(
        """
        select s.id, s.account_id, s.status, s.substatus, s.mode, s.logistic_type, s.tracking_number, s.tracking_method,
               s.currency, s.seller_cost, s.receiver_cost, s.declared_value, s.zip_code, s.city, s.state,
               s.estimated_delivery_at, s.estimated_limit_at, s.date_created, s.source_updated_at,
               array(
                   select l.order_id from app.shipment_orders as l
                   where l.tenant_id = %(tenant_id)s and l.shipment_id = s.id
                   union
                   select o.id from app.orders as o
                   where o.tenant_id = %(tenant_id)s and o.account_id = s.account_id and o.shipment_id = s.id
                   order by 1
               ) as order_ids
        from app.shipments as s
        where s.tenant_id = %(tenant_id)s and (s.date_created, s.id) < (%(before)s::timestamptz, %(before_id)s)
          and (%(account_id)s::uuid is null or s.account_id = %(account_id)s)
          and (%(status)s::text is null or s.status = %(status)s)
          and (%(order_id)s::bigint is null or s.id in (
                  select l.shipment_id from app.shipment_orders as l
                  where l.tenant_id = %(tenant_id)s and l.order_id = %(order_id)s
                  union
                  select o.shipment_id from app.orders as o where o.tenant_id = %(tenant_id)s and o.id = %(order_id)s
              ))
        order by s.date_created desc, s.id desc limit %(limit)s
        """,
        account_id=account_id,
        status=status,
        order_id=order_id,
        before=before[0],
        before_id=before[1],
        limit=limit + MORE,
    )


def shipments_by_id(session: TenantSession, shipment_ids: Sequence[int]) -> list[Row]:
    return session.rows(
        """
        select s.id, s.account_id, s.status, s.substatus, s.mode, s.logistic_type, s.tracking_number, s.tracking_method,
               s.currency, s.seller_cost, s.receiver_cost, s.declared_value, s.zip_code, s.city, s.state,
               s.estimated_delivery_at, s.estimated_limit_at, s.date_created, s.source_updated_at,
               array(
                   select l.order_id from app.shipment_orders as l
                   where l.tenant_id = %(tenant_id)s and l.shipment_id = s.id
                   union
                   select o.id from app.orders as o
                   where o.tenant_id = %(tenant_id)s and o.account_id = s.account_id and o.shipment_id = s.id
                   order by 1
               ) as order_ids
        from app.shipments as s
        where s.tenant_id = %(tenant_id)s and s.id = any (%(ids)s::bigint[])
        order by s.id
        """,
        ids=list(shipment_ids),
    )


def ids_of_orders(session: TenantSession, order_ids: Sequence[int]) -> list[int]:
    """Which parcels hold these orders, whichever of the two said so first."""
    rows = session.rows(
        """
        select l.shipment_id from app.shipment_orders as l
        where l.tenant_id = %(tenant_id)s and l.order_id = any (%(ids)s::bigint[])
        union
        select o.shipment_id from app.orders as o
        where o.tenant_id = %(tenant_id)s and o.id = any (%(ids)s::bigint[]) and o.shipment_id is not null
        """,
        ids=list(order_ids),
    )
    return [row["shipment_id"] for row in rows]
