"""All SQL of sellers' profiles. Every statement names the tenant, besides row-level security."""

from __future__ import annotations

from uuid import UUID

from painelml.core.db import Row, TenantSession, as_json
from painelml.marketplace.sellers.models import ProfileDocument


def upsert_profile(session: TenantSession, account_id: UUID, profile: ProfileDocument) -> bool:
    """Whether it was written: not if a later reading is held. What a document lacks keeps what was held of it."""
    return bool(
        session.execute(
            """
            insert into app.seller_profiles as held
                (tenant_id, account_id, level, real_level, protection_ends_at, power_seller_status, site_status, tags, period,
                 sales, claims_rate, claims_value, delays_rate, delays_value, cancellations_rate, cancellations_value,
                 transactions_total, transactions_completed, transactions_cancelled, read_at, raw)
            values (%(tenant_id)s, %(account_id)s, %(level)s, %(real_level)s, %(protection_ends_at)s, %(power_seller_status)s,
                    %(site_status)s, %(tags)s, %(period)s, %(sales)s, %(claims_rate)s, %(claims_value)s, %(delays_rate)s,
                    %(delays_value)s, %(cancellations_rate)s, %(cancellations_value)s, %(total)s, %(completed)s,
                    %(cancelled)s, %(read_at)s, %(raw)s)
            on conflict (tenant_id, account_id) do update
            set (level, real_level, protection_ends_at, power_seller_status, period, sales, claims_rate, claims_value,
                 delays_rate, delays_value, cancellations_rate, cancellations_value, transactions_total,
                 transactions_completed, transactions_cancelled)
                = (select chosen.level, chosen.real_level, chosen.protection_ends_at, chosen.power_seller_status,
                          chosen.period, chosen.sales, chosen.claims_rate, chosen.claims_value, chosen.delays_rate,
                          chosen.delays_value, chosen.cancellations_rate, chosen.cancellations_value,
                          chosen.transactions_total, chosen.transactions_completed, chosen.transactions_cancelled
                   from (select (case when excluded.raw ? 'seller_reputation' then excluded else held end).*) as chosen),
                site_status = case when excluded.raw ? 'status' then excluded.site_status else held.site_status end,
                tags = case when excluded.raw ? 'tags' then excluded.tags else held.tags end,
                read_at = excluded.read_at, raw = held.raw || excluded.raw
            where excluded.read_at >= held.read_at
            """,
            account_id=account_id,
            raw=as_json(profile.raw),
            **{**profile.model_dump(exclude={"id", "raw"}), "tags": profile.tags or []},
        )
    )


def profile(session: TenantSession, account_id: UUID) -> Row | None:
    return session.one(
        """
        select a.id as account_id, a.site_id, p.level, p.real_level, p.protection_ends_at, p.power_seller_status, p.site_status,
               p.tags, p.period, p.sales, p.claims_rate, p.claims_value, p.delays_rate, p.delays_value, p.cancellations_rate,
               p.cancellations_value, p.transactions_total, p.transactions_completed, p.transactions_cancelled, p.read_at
        from app.ml_accounts as a
        join app.seller_profiles as p on p.tenant_id = %(tenant_id)s and p.account_id = a.id
        where a.tenant_id = %(tenant_id)s and a.id = %(account_id)s
        """,
        account_id=account_id,
    )
