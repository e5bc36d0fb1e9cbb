"""All SQL of plans. Catalogue and subscriptions are the directory's, behind functions; counters are the tenant's."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from painelml.core.db import Row, Session, TenantSession
from painelml.plans.models import Entitlement

# Catalogue and subscription


def catalogue(session: Session, version: str | None = None) -> dict[str, Any] | None:
    """The document of `version`, or of the newest; None for a version that was never published."""
    return cast("dict[str, Any] | None", session.value("select app.catalogue(%(version)s)", version=version))


def limits(session: TenantSession) -> dict[Entitlement, int | None]:
    """The union of the tenant's plans with what was agreed for it alone; of painel.free for a tenant without subscription."""
    rows = session.home.rows("select entitlement, quantity from app.own_limits()")
    return {Entitlement(row["entitlement"]): row["quantity"] for row in rows}


def plan_codes(session: TenantSession) -> list[str]:
    return [row["plan"] for row in items(session)]


def items(session: TenantSession) -> list[Row]:
    return session.home.rows("select line, plan, version, flags from app.own_subscription_items() order by line desc")


def subscription(session: TenantSession) -> Row | None:
    return session.home.one("select * from app.own_subscription()")


def hold_subscription(session: TenantSession) -> None:
    session.home.execute("select app.hold_subscription()")


def set_item(session: TenantSession, *, actor: UUID, line: str, plan: str | None) -> None:
    """Puts the tenant on `plan` of the newest catalogue, or takes `line` away. The database proves that `actor` is MASTER."""
    session.home.execute("select app.platform_set_item(%(actor)s, %(line)s, %(plan)s)", actor=actor, line=line, plan=plan)


def set_terms(session: TenantSession, *, actor: UUID, terms: dict[str, Any]) -> None:
    """`currency`, `cycle`, `cancel_at_period_end`, `stripe_customer_id`: what is None stays."""
    session.home.execute(
        """
        select app.platform_set_terms(
            %(actor)s, %(currency)s, %(cycle)s, %(cancel_at_period_end)s, %(stripe_customer_id)s
        )
        """,
        actor=actor,
        **{name: terms.get(name) for name in ("currency", "cycle", "cancel_at_period_end", "stripe_customer_id")},
    )


def agree_limit(session: TenantSession, *, actor: UUID, entitlement: Entitlement, quantity: int | None) -> None:
    """A limit agreed for this tenant alone; None takes the agreement back."""
    session.home.execute(
        "select app.platform_agree_limit(%(actor)s, %(entitlement)s, %(quantity)s)",
        actor=actor,
        entitlement=entitlement,
        quantity=quantity,
    )


# Counters: each where what it counts is, so that its row is held until that is committed (a silo's commit comes before home's)


def _place(session: TenantSession, entitlement: Entitlement) -> TenantSession:
    return session.home if entitlement is Entitlement.AGENTS else session


def consume(session: TenantSession, entitlement: Entitlement, period: str, *, amount: int, limit: int | None) -> int | None:
    """The counter after `amount` more; None where that would pass the limit."""
    return cast(
        "int | None",
        session.value(
            """
            insert into app.usage_counters (tenant_id, entitlement, period, current)
            select %(tenant_id)s, %(entitlement)s, %(period)s, %(amount)s
            where %(limit)s::bigint is null or %(amount)s <= %(limit)s
            on conflict (tenant_id, entitlement, period) do update
            set current = usage_counters.current + excluded.current, updated_at = now()
            where %(limit)s::bigint is null or usage_counters.current + excluded.current <= %(limit)s
            returning current
            """,
            entitlement=entitlement,
            period=period,
            amount=amount,
            limit=limit,
        ),
    )


def give_back(session: TenantSession, entitlement: Entitlement, period: str, *, amount: int) -> None:
    session.execute(
        """
        update app.usage_counters set current = greatest(current - %(amount)s, 0), warned_at = null, updated_at = now()
        where tenant_id = %(tenant_id)s and entitlement = %(entitlement)s and period = %(period)s
        """,
        entitlement=entitlement,
        period=period,
        amount=amount,
    )


def hold_counter(session: TenantSession, entitlement: Entitlement, period: str) -> None:
    """Holds the counter's row until the transaction ends, made where it is not there yet."""
    _place(session, entitlement).execute(
        """
        insert into app.usage_counters (tenant_id, entitlement, period, current)
        values (%(tenant_id)s, %(entitlement)s, %(period)s, 0)
        on conflict (tenant_id, entitlement, period) do update set updated_at = now()
        """,
        entitlement=entitlement,
        period=period,
    )


def note_measure(session: TenantSession, entitlement: Entitlement, period: str, current: int) -> None:
    _place(session, entitlement).execute(
        """
        update app.usage_counters set current = %(current)s
        where tenant_id = %(tenant_id)s and entitlement = %(entitlement)s and period = %(period)s
        """,
        entitlement=entitlement,
        period=period,
        current=current,
    )


def counted(session: TenantSession, entitlement: Entitlement, period: str) -> int:
    found = session.value(
        """
        select current from app.usage_counters
        where tenant_id = %(tenant_id)s and entitlement = %(entitlement)s and period = %(period)s
        """,
        entitlement=entitlement,
        period=period,
    )
    return found or 0


def mark_warned(session: TenantSession, entitlement: Entitlement, period: str) -> bool:
    """True for the first warning of the period (of a level: since it was last below)."""
    return bool(
        _place(session, entitlement).execute(
            """
            update app.usage_counters set warned_at = now()
            where tenant_id = %(tenant_id)s and entitlement = %(entitlement)s and period = %(period)s and warned_at is null
            """,
            entitlement=entitlement,
            period=period,
        )
    )


def unmark_warned(session: TenantSession, entitlement: Entitlement, period: str) -> None:
    _place(session, entitlement).execute(
        """
        update app.usage_counters set warned_at = null
        where tenant_id = %(tenant_id)s and entitlement = %(entitlement)s and period = %(period)s and warned_at is not null
        """,
        entitlement=entitlement,
        period=period,
    )


# What is measured: rows that work (frozen ones do not count, for they take no room)


def measure(session: TenantSession, entitlement: Entitlement) -> int:
    if entitlement is Entitlement.AGENTS:
        return cast(int, session.home.value("select working from app.count_agents()"))
    return cast(
        int,
        session.value(
            """
            select count(*) from app.ml_accounts
            where tenant_id = %(tenant_id)s and status not in ('DISCONNECTED', 'FROZEN')
            """
        ),
    )


def frozen(session: TenantSession, entitlement: Entitlement) -> int:
    if entitlement is Entitlement.AGENTS:
        return cast(int, session.home.value("select frozen from app.count_agents()"))
    return cast(
        int, session.value("select count(*) from app.ml_accounts where tenant_id = %(tenant_id)s and status = 'FROZEN'")
    )


def settle_agents(session: TenantSession, quota: int | None) -> None:
    session.home.execute("select app.settle_agents(%(quota)s)", quota=quota)


def settle_accounts(session: TenantSession, quota: int | None) -> None:
    """The oldest `quota` accounts work, the newer ones are frozen; None lets all work. What froze returns to what it was."""
    session.execute(
        """
        update app.ml_accounts a
        set status = case when ranked.place <= ranked.quota then a.frozen_from else 'FROZEN' end,
            frozen_from = case when ranked.place <= ranked.quota then null else a.status end,
            updated_at = now()
        from (
            select id, row_number() over (order by connected_at, id) as place,
                coalesce(%(quota)s::bigint, 9223372036854775807) as quota
            from app.ml_accounts where tenant_id = %(tenant_id)s and status <> 'DISCONNECTED'
        ) ranked
        where a.tenant_id = %(tenant_id)s and a.id = ranked.id
            and (ranked.place > ranked.quota) <> (a.status = 'FROZEN')
        """,
        quota=quota,
    )
