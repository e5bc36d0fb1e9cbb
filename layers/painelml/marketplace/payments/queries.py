"""All SQL of payments. Every statement names the tenant, besides row-level security."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from painelml.core.db import Row, TenantSession
from painelml.core.pages import MORE
from painelml.marketplace.documents import minor_or_none
from painelml.marketplace.payments.models import PaymentDocument


def upsert_payments(
    session: TenantSession, account_id: UUID, payments: Iterable[PaymentDocument], *, moment: datetime
) -> list[int]:
    """Writes what is at least as new as what is held, in one statement; the ids that were written.

    What a document does not say keeps what was held: an order's entry knows less of its payment than the payment itself.
    """
    newest = {payment.id: payment for payment in sorted(payments, key=lambda payment: payment.updated_at)}
    fresh = [newest[payment_id] for payment_id in sorted(newest)]  # one order for all writers, so that they cannot deadlock
    if not fresh:
        return []
    written = session.rows(
        """
        insert into app.payments as held
            (tenant_id, id, account_id, order_id, status, status_detail, type, method, currency, amount, total_paid, shipping,
             fee, refunded, net_received, installments, approved_at, released_at, source_updated_at, synced_at, raw)
        select %(tenant_id)s, id, %(account_id)s, order_id, status, status_detail, type, method, currency, amount, total_paid,
               shipping, fee, refunded, net_received, installments, approved_at, released_at, updated_at, %(moment)s, raw
        from unnest(
            %(id)s::bigint[], %(order_id)s::bigint[], %(status)s::text[], %(status_detail)s::text[], %(type)s::text[],
            %(method)s::text[], %(currency)s::text[], %(amount)s::bigint[], %(total_paid)s::bigint[], %(shipping)s::bigint[],
            %(fee)s::bigint[], %(refunded)s::bigint[], %(net_received)s::bigint[], %(installments)s::integer[],
            %(approved_at)s::timestamptz[], %(released_at)s::timestamptz[], %(updated_at)s::timestamptz[], %(raw)s::jsonb[]
        ) as fresh (id, order_id, status, status_detail, type, method, currency, amount, total_paid, shipping, fee, refunded,
                    net_received, installments, approved_at, released_at, updated_at, raw)
        on conflict (tenant_id, id) do update
        set account_id = excluded.account_id, status = excluded.status, currency = excluded.currency,
            amount = excluded.amount, fee = coalesce(excluded.fee, held.fee),
            order_id = coalesce(excluded.order_id, held.order_id),
            status_detail = case when excluded.raw ? 'status_detail' then excluded.status_detail else held.status_detail end,
            type = coalesce(excluded.type, held.type), method = coalesce(excluded.method, held.method),
            total_paid = coalesce(excluded.total_paid, held.total_paid),
            shipping = coalesce(excluded.shipping, held.shipping),
            refunded = coalesce(excluded.refunded, held.refunded),
            net_received = coalesce(excluded.net_received, held.net_received),
            installments = coalesce(excluded.installments, held.installments),
            approved_at = coalesce(excluded.approved_at, held.approved_at),
            released_at = coalesce(excluded.released_at, held.released_at),
            source_updated_at = excluded.source_updated_at, synced_at = excluded.synced_at, raw = held.raw || excluded.raw
        where excluded.source_updated_at >= held.source_updated_at
        returning id
        """,
        account_id=account_id,
        moment=moment,
        id=[payment.id for payment in fresh],
        order_id=[payment.order_id for payment in fresh],
        status=[payment.status for payment in fresh],
        status_detail=[payment.status_detail for payment in fresh],
        type=[payment.type for payment in fresh],
        method=[payment.method for payment in fresh],
        currency=[payment.currency for payment in fresh],
        amount=[minor_or_none(payment.amount, payment.currency) for payment in fresh],
        total_paid=[minor_or_none(payment.total_paid, payment.currency) for payment in fresh],
        shipping=[minor_or_none(payment.shipping, payment.currency) for payment in fresh],
        fee=[minor_or_none(payment.fee, payment.currency) for payment in fresh],
        refunded=[minor_or_none(payment.refunded, payment.currency) for payment in fresh],
        net_received=[minor_or_none(payment.net_received, payment.currency) for payment in fresh],
        installments=[payment.installments for payment in fresh],
        approved_at=[payment.date_approved for payment in fresh],
        released_at=[payment.released_at for payment in fresh],
        updated_at=[payment.updated_at for payment in fresh],
        raw=[json.dumps(payment.raw) for payment in fresh],
    )
    return [row["id"] for row in written]


def payments(
    session: TenantSession,
    *,
    account_id: UUID | None,
    status: str | None,
    order_id: int | None,
    before: int,
    limit: int,
) -> list[Row]:
    return session.rows(
        """
        select id, account_id, order_id, status, status_detail, type, method, currency, amount, total_paid, shipping, fee,
               refunded, net_received, installments, approved_at, released_at, source_updated_at
        from app.payments
        where tenant_id = %(tenant_id)s and id < %(before)s
          and (%(account_id)s::uuid is null or account_id = %(account_id)s)
          and (%(status)s::text is null or status = %(status)s)
          and (%(order_id)s::bigint is null or order_id = %(order_id)s)
        order by id desc limit %(limit)s
        """,
        account_id=account_id,
        status=status,
        order_id=order_id,
        before=before,
        limit=limit + MORE,
    )
