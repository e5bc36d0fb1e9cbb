"""All SQL of billing periods and charges. Every statement names the tenant, besides row-level security."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from painelml.core.db import Row, TenantSession, as_json
from painelml.core.ids import uuid7
from painelml.core.pages import MORE
from painelml.marketplace.billing_periods.models import ChargeDocument, PeriodDocument, PeriodRead
from painelml.marketplace.documents import minor_or_none, minor_units


def upsert_periods(
    session: TenantSession, account_id: UUID, periods: Sequence[PeriodDocument], *, currency: str, moment: datetime
) -> None:
    """What the list of periods says. A closed period is not opened again by a list that was older."""
    named = {period.stream: period for period in periods}
    fresh = [named[stream] for stream in sorted(named)]  # one order for all writers, so that they cannot deadlock
    session.execute(
        """
        insert into app.billing_periods as held
            (tenant_id, id, account_id, billing_group, document_type, key, date_from, date_to, expires_on, status, amount,
             unpaid, currency, synced_at)
        select %(tenant_id)s, id, %(account_id)s, billing_group, document_type, key, date_from, date_to, expires_on, status,
               amount, unpaid, %(currency)s, %(moment)s
        from unnest(
            %(id)s::uuid[], %(billing_group)s::text[], %(document_type)s::text[], %(key)s::date[], %(date_from)s::date[],
            %(date_to)s::date[], %(expires_on)s::date[], %(status)s::text[], %(amount)s::bigint[], %(unpaid)s::bigint[]
        ) as fresh (id, billing_group, document_type, key, date_from, date_to, expires_on, status, amount, unpaid)
        on conflict (tenant_id, account_id, billing_group, document_type, key) do update
        set date_from = excluded.date_from, date_to = excluded.date_to,
            expires_on = coalesce(excluded.expires_on, held.expires_on), status = excluded.status, amount = excluded.amount,
            unpaid = coalesce(excluded.unpaid, held.unpaid), synced_at = excluded.synced_at
        where held.status = 'OPEN' or excluded.status = 'CLOSED'
        """,
        account_id=account_id,
        currency=currency,
        moment=moment,
        id=[uuid7() for _ in fresh],
        billing_group=[period.group for period in fresh],
        document_type=[period.document_type for period in fresh],
        key=[period.key for period in fresh],
        date_from=[period.date_from for period in fresh],
        date_to=[period.date_to for period in fresh],
        expires_on=[period.expires_on for period in fresh],
        status=[period.status for period in fresh],
        amount=[minor_units(period.amount, currency) for period in fresh],
        unpaid=[minor_or_none(period.unpaid_amount, currency) for period in fresh],
    )


def upsert_charges(session: TenantSession, period_id: UUID, charges: Sequence[ChargeDocument], *, moment: datetime) -> None:
    """Charges have no stamp; one run at a time reads an account's, so what is read last is what is true."""
    named = {charge.id: charge for charge in charges}
    fresh = [(charge, str(charge.currency)) for _, charge in sorted(named.items())]
    if not fresh:
        return
    session.execute(
        """
        insert into app.billing_charges as held
            (tenant_id, period_id, id, type, sub_type, description, currency, amount, amount_without_discount, discount,
             debited_from_sale, order_id, item_id, shipment_id, pack_id, bonified_id, legal_document, charged_at, sold_at,
             synced_at, raw)
        select %(tenant_id)s, %(period_id)s, id, type, sub_type, description, currency, amount, amount_without_discount,
               discount, debited_from_sale, order_id, item_id, shipment_id, pack_id, bonified_id, legal_document, charged_at,
               sold_at, %(moment)s, raw
        from unnest(
            %(id)s::bigint[], %(type)s::text[], %(sub_type)s::text[], %(description)s::text[], %(currency)s::text[],
            %(amount)s::bigint[], %(amount_without_discount)s::bigint[], %(discount)s::bigint[],
            %(debited_from_sale)s::boolean[], %(order_id)s::bigint[], %(item_id)s::text[], %(shipment_id)s::bigint[],
            %(pack_id)s::bigint[], %(bonified_id)s::bigint[], %(legal_document)s::text[], %(charged_at)s::timestamp[],
            %(sold_at)s::timestamp[], %(raw)s::jsonb[]
        ) as fresh (id, type, sub_type, description, currency, amount, amount_without_discount, discount, debited_from_sale,
                    order_id, item_id, shipment_id, pack_id, bonified_id, legal_document, charged_at, sold_at, raw)
        on conflict (tenant_id, period_id, id) do update
        set type = excluded.type, sub_type = excluded.sub_type, description = coalesce(excluded.description, held.description),
            currency = excluded.currency, amount = excluded.amount,
            amount_without_discount = coalesce(excluded.amount_without_discount, held.amount_without_discount),
            discount = coalesce(excluded.discount, held.discount),
            debited_from_sale = coalesce(excluded.debited_from_sale, held.debited_from_sale),
            order_id = coalesce(excluded.order_id, held.order_id), item_id = coalesce(excluded.item_id, held.item_id),
            shipment_id = coalesce(excluded.shipment_id, held.shipment_id),
            pack_id = coalesce(excluded.pack_id, held.pack_id), bonified_id = coalesce(excluded.bonified_id, held.bonified_id),
            legal_document = coalesce(excluded.legal_document, held.legal_document), charged_at = excluded.charged_at,
            sold_at = coalesce(excluded.sold_at, held.sold_at), synced_at = excluded.synced_at,
            raw = held.raw || excluded.raw
        """,
        period_id=period_id,
        moment=moment,
        id=[charge.id for charge, _ in fresh],
        type=[charge.type for charge, _ in fresh],
        sub_type=[charge.sub_type for charge, _ in fresh],
        description=[charge.description for charge, _ in fresh],
        currency=[currency for _, currency in fresh],
        amount=[minor_units(charge.amount, currency) for charge, currency in fresh],
        amount_without_discount=[minor_or_none(charge.amount_without_discount, currency) for charge, currency in fresh],
        discount=[minor_or_none(charge.discount, currency) for charge, currency in fresh],
        debited_from_sale=[charge.debited_from_sale for charge, _ in fresh],
        order_id=[charge.order_id for charge, _ in fresh],
        item_id=[charge.item_id for charge, _ in fresh],
        shipment_id=[charge.shipment_id for charge, _ in fresh],
        pack_id=[charge.pack_id for charge, _ in fresh],
        bonified_id=[charge.bonified_id for charge, _ in fresh],
        legal_document=[charge.legal_document for charge, _ in fresh],
        charged_at=[charge.charged_at for charge, _ in fresh],
        sold_at=[charge.sold_at for charge, _ in fresh],
        raw=[json.dumps(charge.raw) for charge, _ in fresh],
    )
    session.execute(
        """
        update app.billing_periods set last_id = greatest(last_id, %(last_id)s)
        where tenant_id = %(tenant_id)s and id = %(period_id)s
        """,
        period_id=period_id,
        last_id=fresh[-1][0].id,
    )


def note_read(session: TenantSession, read: PeriodRead, *, moment: datetime) -> None:
    """The period was read to its end, and compared where there is something to say."""
    session.execute(
        """
        update app.billing_periods
        set read_amount = %(amount)s, read_status = %(status)s,
            reconciled = case when %(compared)s then %(differences)s = '[]'::jsonb else reconciled end,
            differences = case when %(compared)s then %(differences)s else differences end,
            checked_at = case when %(compared)s then %(moment)s else checked_at end
        where tenant_id = %(tenant_id)s and id = %(period_id)s
        """,
        period_id=read.period_id,
        amount=read.amount,
        status=read.status,
        compared=read.differences is not None,
        differences=as_json(list(read.differences or ())),
        moment=moment,
    )


def held_periods(session: TenantSession, account_id: UUID) -> list[Row]:
    """What the next run must know of each period of an account."""
    return session.rows(
        """
        select id, billing_group, document_type, key, last_id, read_amount, read_status, reconciled, checked_at
        from app.billing_periods where tenant_id = %(tenant_id)s and account_id = %(account_id)s
        """,
        account_id=account_id,
    )


def totals(session: TenantSession, period_id: UUID) -> list[Row]:
    return session.rows(
        """
        select type, sub_type, count(*) as count, sum(amount)::bigint as amount
        from app.billing_charges where tenant_id = %(tenant_id)s and period_id = %(period_id)s
        group by type, sub_type order by type, sub_type
        """,
        period_id=period_id,
    )


def periods(
    session: TenantSession, *, account_id: UUID | None, group: str | None, before: tuple[date, UUID], limit: int
) -> list[Row]:
    return session.rows(
        """
        select id, account_id, billing_group, document_type, key, date_from, date_to, expires_on, status, amount, unpaid,
               currency, reconciled, checked_at
        from app.billing_periods
        where tenant_id = %(tenant_id)s and (key, id) < (%(before)s::date, %(before_id)s)
          and (%(account_id)s::uuid is null or account_id = %(account_id)s)
          and (%(group)s::text is null or billing_group = %(group)s)
        order by key desc, id desc limit %(limit)s
        """,
        account_id=account_id,
        group=group,
        before=before[0],
        before_id=before[1],
        limit=limit + MORE,
    )


def period(session: TenantSession, period_id: UUID) -> Row | None:
    return session.one(
        """
        select id, account_id, billing_group, document_type, key, date_from, date_to, expires_on, status, amount, unpaid,
               currency, reconciled, checked_at, differences
        from app.billing_periods where tenant_id = %(tenant_id)s and id = %(period_id)s
        """,
        period_id=period_id,
    )


def charges(session: TenantSession, period_id: UUID, *, after: int, limit: int) -> list[Row]:
    return session.rows(
        """
        select id, type, sub_type, description, currency, amount, amount_without_discount, discount, debited_from_sale,
               order_id, item_id, shipment_id, pack_id, bonified_id, legal_document, charged_at, sold_at
        from app.billing_charges
        where tenant_id = %(tenant_id)s and period_id = %(period_id)s and id > %(after)s
        order by id limit %(limit)s
        """,
        period_id=period_id,
        after=after,
        limit=limit + MORE,
    )
