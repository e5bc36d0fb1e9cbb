"""The rules of plans. Sessions are transactions: use is counted in the transaction of its effect, and undone with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from painelml.core.clock import now
from painelml.core.db import TenantSession
from painelml.core.observability import logger
from painelml.plans import queries
from painelml.plans.errors import UPGRADE, LimitReached
from painelml.plans.models import MEASURES, UNITS, Entitlement, Measure, Usage, Use, percent, warns

MONTHS_OF = timezone(timedelta(hours=-3))  # São Paulo, which has had no summer time since 2019
LEVEL = "level"


@dataclass(frozen=True, slots=True)
class Consumed:
    """What stands after the use, in counted units. `warning`: 90 % or more is used."""

    entitlement: Entitlement
    current: int
    limit: int | None
    warning: bool


def check_and_consume(session: TenantSession, entitlement: Entitlement, amount: int = 1) -> Consumed:
    """Uses `amount` more of `entitlement`, in counted units (storage: bytes); raises LimitReached, and nothing is used then.

    Call it before the effect, in the effect's transaction: it holds the tenant's counter until the transaction ends, so uses
    that arrive together are judged one after the other. What is measured (accounts, agents) needs no giving back.
    """
    limit = _limit(session, entitlement)
    period = _period(entitlement, now())
    if MEASURES[entitlement] is Measure.MEASURED:
        queries.hold_counter(session, entitlement, period)
        held = queries.measure(session, entitlement)
        current = held + amount if limit is None or held + amount <= limit else None
        if current is not None:
            queries.note_measure(session, entitlement, period, current)
    else:
        current = queries.consume(session, entitlement, period, amount=amount, limit=limit)
    if current is None:
        raise _reached(session, entitlement, limit or 0, requested=amount)
    warning = warns(current, limit)
    if warning and queries.mark_warned(session, entitlement, period):
        logger.warning("limit is near", extra={"entitlement": entitlement, "current": current, "limit": limit})
    return Consumed(entitlement, current, limit, warning)


def give_back(session: TenantSession, entitlement: Entitlement, amount: int) -> None:
    """Frees `amount` of a level (storage), never below nothing. A month's use is not given back."""
    if MEASURES[entitlement] is not Measure.LEVEL:
        raise ValueError(f"{entitlement} is not a level: it is {MEASURES[entitlement]}.")
    queries.give_back(session, entitlement, LEVEL, amount=amount)


def usage(session: TenantSession) -> Usage:
    """What is used of each entitlement now, and the limits."""
    limits = queries.limits(session)
    return Usage(
        plans=queries.plan_codes(session),
        uses=[_use(session, entitlement, limits.get(entitlement)) for entitlement in MEASURES],
        rate_limit_15m=limits[Entitlement.RATE_LIMIT_15M],
        page_reads_15m=limits[Entitlement.PAGE_READS_15M],
        upgrade=UPGRADE,
    )


def _use(session: TenantSession, entitlement: Entitlement, catalogue_limit: int | None) -> Use:
    measure, period = MEASURES[entitlement], _period(entitlement, now())
    limit = _counted(entitlement, catalogue_limit)
    if measure is Measure.MEASURED:
        current = queries.measure(session, entitlement)
    else:
        current = queries.counted(session, entitlement, period)
    return Use(
        entitlement=entitlement,
        unit="byte" if entitlement in UNITS else "count",
        period=None if period == LEVEL else period,
        current=current,
        limit=limit,
        percent=percent(current, limit),
        warning=warns(current, limit),
        frozen=queries.frozen(session, entitlement) if measure is Measure.MEASURED else 0,
    )


def _limit(session: TenantSession, entitlement: Entitlement) -> int | None:
    return _counted(entitlement, queries.limits(session)[entitlement])


def _counted(entitlement: Entitlement, limit: int | None) -> int | None:
    return None if limit is None else limit * UNITS.get(entitlement, 1)


def _period(entitlement: Entitlement, moment: datetime) -> str:
    """`2026-11`, a calendar month in São Paulo, or `level`."""
    return f"{moment.astimezone(MONTHS_OF):%Y-%m}" if MEASURES[entitlement] is Measure.MONTH else LEVEL


def _reached(session: TenantSession, entitlement: Entitlement, limit: int, *, requested: int) -> LimitReached:
    found = _use(session, entitlement, queries.limits(session)[entitlement])
    return LimitReached(
        entitlement=str(entitlement),
        limit=limit,
        current=found.current,
        requested=requested,
        plan=", ".join(queries.plan_codes(session)),
        upgrade=UPGRADE,
    )
