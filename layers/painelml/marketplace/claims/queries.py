"""All SQL of claims and returns. Every statement names the tenant, besides row-level security."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from painelml.core.db import Row, TenantSession
from painelml.core.pages import MORE
from painelml.marketplace.claims.models import ClaimDocument, ReturnDocument


def upsert_claims(session: TenantSession, account_id: UUID, claims: Iterable[ClaimDocument], *, moment: datetime) -> list[int]:
    """Writes what is at least as new as what is held, returns included, in two statements; the ids that were written.

    What a document lacks keeps what was held.
    """
    newest = {claim.id: claim for claim in sorted(claims, key=lambda claim: claim.updated_at)}
    fresh = [newest[claim_id] for claim_id in sorted(newest)]  # one order for all writers, so that they cannot deadlock
    if not fresh:
        return []
    duties = [claim.duty for claim in fresh]
    ends = [claim.resolution for claim in fresh]
    written = session.rows(
        """
        insert into app.claims as held
            (tenant_id, id, account_id, resource, resource_id, order_id, status, type, stage, reason_id, fulfilled,
             quantity_type, claimed_quantity, action, action_due_at, has_return, resolution_reason, resolution_benefited,
             resolution_closed_by, resolution_coverage, resolved_at, date_created, source_updated_at, synced_at, raw)
        select %(tenant_id)s, id, %(account_id)s, resource, resource_id, order_id, status, type, stage, reason_id, fulfilled,
               quantity_type, claimed_quantity, action, action_due_at, has_return, resolution_reason,
               array(select jsonb_array_elements_text(resolution_benefited)), resolution_closed_by, resolution_coverage,
               resolved_at, date_created, updated_at, %(moment)s, raw
        from unnest(
            %(id)s::bigint[], %(resource)s::text[], %(resource_id)s::bigint[], %(order_id)s::bigint[], %(status)s::text[],
            %(type)s::text[], %(stage)s::text[], %(reason_id)s::text[], %(fulfilled)s::boolean[], %(quantity_type)s::text[],
            %(claimed_quantity)s::bigint[], %(action)s::text[], %(action_due_at)s::timestamptz[], %(has_return)s::boolean[],
            %(resolution_reason)s::text[], %(resolution_benefited)s::jsonb[], %(resolution_closed_by)s::text[],
            %(resolution_coverage)s::boolean[], %(resolved_at)s::timestamptz[], %(date_created)s::timestamptz[],
            %(updated_at)s::timestamptz[], %(raw)s::jsonb[]
        ) as fresh (id, resource, resource_id, order_id, status, type, stage, reason_id, fulfilled, quantity_type,
                    claimed_quantity, action, action_due_at, has_return, resolution_reason, resolution_benefited,
                    resolution_closed_by, resolution_coverage, resolved_at, date_created, updated_at, raw)
        on conflict (tenant_id, id) do update
        set account_id = excluded.account_id, resource = excluded.resource, resource_id = excluded.resource_id,
            order_id = coalesce(excluded.order_id, held.order_id), status = excluded.status, type = excluded.type,
            stage = excluded.stage, reason_id = coalesce(excluded.reason_id, held.reason_id),
            fulfilled = coalesce(excluded.fulfilled, held.fulfilled),
            quantity_type = coalesce(excluded.quantity_type, held.quantity_type),
            claimed_quantity = coalesce(excluded.claimed_quantity, held.claimed_quantity),
            action = excluded.action, action_due_at = excluded.action_due_at,
            has_return = excluded.has_return or held.has_return,
            resolution_reason = case when excluded.raw ? 'resolution' then excluded.resolution_reason
                else held.resolution_reason end,
            resolution_benefited = case when excluded.raw ? 'resolution' then excluded.resolution_benefited
                else held.resolution_benefited end,
            resolution_closed_by = case when excluded.raw ? 'resolution' then excluded.resolution_closed_by
                else held.resolution_closed_by end,
            resolution_coverage = case when excluded.raw ? 'resolution' then excluded.resolution_coverage
                else held.resolution_coverage end,
            resolved_at = case when excluded.raw ? 'resolution' then excluded.resolved_at else held.resolved_at end,
            date_created = excluded.date_created, source_updated_at = excluded.source_updated_at,
            synced_at = excluded.synced_at, raw = held.raw || excluded.raw
        where excluded.source_updated_at >= held.source_updated_at
        returning id
        """,
        account_id=account_id,
        moment=moment,
        id=[claim.id for claim in fresh],
        resource=[claim.resource for claim in fresh],
        resource_id=[claim.resource_id for claim in fresh],
        order_id=[claim.order_id for claim in fresh],
        status=[claim.status for claim in fresh],
        type=[claim.kind for claim in fresh],
        stage=[claim.stage for claim in fresh],
        reason_id=[claim.reason_id for claim in fresh],
        fulfilled=[claim.fulfilled for claim in fresh],
        quantity_type=[claim.quantity_type for claim in fresh],
        claimed_quantity=[claim.claimed_quantity for claim in fresh],
        action=[duty.action if duty else None for duty in duties],
        action_due_at=[duty.due_date if duty else None for duty in duties],
        has_return=[claim.has_return for claim in fresh],
        resolution_reason=[end.reason if end else None for end in ends],
        resolution_benefited=[json.dumps(end.benefited if end else []) for end in ends],
        resolution_closed_by=[end.closed_by if end else None for end in ends],
        resolution_coverage=[end.applied_coverage if end else None for end in ends],
        resolved_at=[end.date_created if end else None for end in ends],
        date_created=[claim.date_created for claim in fresh],
        updated_at=[claim.updated_at for claim in fresh],
        raw=[json.dumps(claim.raw) for claim in fresh],
    )
    ids = [row["id"] for row in written]
    _upsert_returns(session, [(claim_id, found) for claim_id in ids if (found := newest[claim_id].returned)])
    return ids


def _upsert_returns(session: TenantSession, returns: Sequence[tuple[int, ReturnDocument]]) -> None:
    """Beneath claims that were just written, whose stamp has let them in."""
    if not returns:
        return
    session.execute(
        """
        insert into app.claim_returns as held
            (tenant_id, claim_id, id, status, status_money, subtype, shipments, items, date_created, date_closed,
             source_updated_at, raw)
        select %(tenant_id)s, claim_id, id, status, status_money, subtype, shipments, items, date_created, date_closed,
               updated_at, raw
        from unnest(
            %(claim_id)s::bigint[], %(id)s::bigint[], %(status)s::text[], %(status_money)s::text[], %(subtype)s::text[],
            %(shipments)s::jsonb[], %(items)s::jsonb[], %(date_created)s::timestamptz[], %(date_closed)s::timestamptz[],
            %(updated_at)s::timestamptz[], %(raw)s::jsonb[]
        ) as fresh (claim_id, id, status, status_money, subtype, shipments, items, date_created, date_closed, updated_at, raw)
        on conflict (tenant_id, claim_id, id) do update
        set status = excluded.status, status_money = coalesce(excluded.status_money, held.status_money),
            subtype = coalesce(excluded.subtype, held.subtype), shipments = excluded.shipments, items = excluded.items,
            date_created = coalesce(excluded.date_created, held.date_created), date_closed = excluded.date_closed,
            source_updated_at = excluded.source_updated_at, raw = excluded.raw
        where excluded.source_updated_at >= held.source_updated_at
        """,
        claim_id=[claim_id for claim_id, _ in returns],
        id=[one.id for _, one in returns],
        status=[one.status for _, one in returns],
        status_money=[one.status_money for _, one in returns],
        subtype=[one.subtype for _, one in returns],
        shipments=[json.dumps([_with_texts(parcel.model_dump()) for parcel in one.shipments]) for _, one in returns],
        items=[json.dumps([_with_texts(item.model_dump()) for item in one.items]) for _, one in returns],
        date_created=[one.date_created for _, one in returns],
        date_closed=[one.date_closed for _, one in returns],
        updated_at=[one.last_updated for _, one in returns],
        raw=[json.dumps(one.raw) for _, one in returns],
    )


def claims(
    session: TenantSession,
    *,
    account_id: UUID | None,
    status: str | None,
    stage: str | None,
    order_id: int | None,
    before: tuple[str, int],
    limit: int,
) -> list[Row]:
    return session.rows(
        """
        select id, account_id, resource, resource_id, order_id, status, type, stage, reason_id, fulfilled, quantity_type,
               claimed_quantity, action, action_due_at, has_return, resolution_reason, resolution_benefited,
               resolution_closed_by, resolution_coverage, resolved_at, date_created, source_updated_at
        from app.claims
        where tenant_id = %(tenant_id)s and (date_created, id) < (%(before)s::timestamptz, %(before_id)s)
          and (%(account_id)s::uuid is null or account_id = %(account_id)s)
          and (%(status)s::text is null or status = %(status)s)
          and (%(stage)s::text is null or stage = %(stage)s)
          and (%(order_id)s::bigint is null or order_id = %(order_id)s)
        order by date_created desc, id desc limit %(limit)s
        """,
        account_id=account_id,
        status=status,
        stage=stage,
        order_id=order_id,
        before=before[0],
        before_id=before[1],
        limit=limit + MORE,
    )


def claim(session: TenantSession, claim_id: int) -> Row | None:
    return session.one(
        """
        select id, account_id, resource, resource_id, order_id, status, type, stage, reason_id, fulfilled, quantity_type,
               claimed_quantity, action, action_due_at, has_return, resolution_reason, resolution_benefited,
               resolution_closed_by, resolution_coverage, resolved_at, date_created, source_updated_at
        from app.claims where tenant_id = %(tenant_id)s and id = %(claim_id)s
        """,
        claim_id=claim_id,
    )


def returns(session: TenantSession, claim_id: int) -> list[Row]:
    return session.rows(
        """
        select id, status, status_money, subtype, shipments, items, date_created, date_closed, source_updated_at
        from app.claim_returns where tenant_id = %(tenant_id)s and claim_id = %(claim_id)s
        order by id
        """,
        claim_id=claim_id,
    )


def _with_texts(part: dict[str, Any]) -> dict[str, Any]:
    """Ids as texts, as clients get them; quantities as numbers."""
    return {
        name: float(value) if name.endswith("_quantity") and value is not None else str(value) if value is not None else None
        for name, value in part.items()
    }
