"""The rules of plans. Sessions are transactions: use is counted in the transaction of its effect, and undone with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import get_args
from uuid import UUID

from painelml.core import metrics
from painelml.core.clock import now
from painelml.core.db import InsufficientPrivilege, Session, TenantSession, UniqueViolation
from painelml.core.errors import Forbidden, InvalidRequest, NotFound
from painelml.core.notices import send_field
from painelml.core.observability import logger
from painelml.core.wire import money
from painelml.plans import queries
from painelml.plans.errors import UPGRADE, CustomerTaken, LimitReached, UnknownPlan
from painelml.plans.models import (
    MEASURES,
    UNITS,
    Catalogue,
    CataloguePlan,
    Currency,
    Entitlement,
    Line,
    Measure,
    Subscription,
    SubscriptionChanges,
    SubscriptionItem,
    Usage,
    Use,
    percent,
    warns,
)

MONTHS_OF = timezone(timedelta(hours=-3))  # São Paulo, which has had no summer time since 2019
LEVEL = "level"
WARNING_FIELD = "Painel-Limit-Warning"


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
    if warning:
        send_field(WARNING_FIELD, f"{entitlement};current={current};limit={limit}")
    if warning and queries.mark_warned(session, entitlement, period):
        metrics.count("LimitNear", entitlement=entitlement)
        logger.warning("limit is near", extra={"entitlement": entitlement, "current": current, "limit": limit})
    return Consumed(entitlement, current, limit, warning)


def give_back(session: TenantSession, entitlement: Entitlement, amount: int) -> None:
    """Frees `amount` of a level (storage), never below nothing. A month's use is not given back."""
    if MEASURES[entitlement] is not Measure.LEVEL:
        raise ValueError(f"{entitlement} is not a level: it is {MEASURES[entitlement]}.")
    queries.give_back(session, entitlement, LEVEL, amount=amount)


def hold(session: TenantSession, entitlement: Entitlement) -> None:
    """Holds the counter of something measured until the transaction ends, to look before using."""
    queries.hold_counter(session, entitlement, LEVEL)


def settle(session: TenantSession) -> None:
    """Fits what is there to the plan: what it has no room for freezes, newest first; what it has room for again thaws.

    Nothing is deleted. Call it after whatever changes the limits, or frees room.
    """
    allowed = queries.limits(session)
    for entitlement, fit in ((Entitlement.ML_ACCOUNTS, queries.settle_accounts), (Entitlement.AGENTS, queries.settle_agents)):
        limit = allowed[entitlement]
        queries.hold_counter(session, entitlement, LEVEL)
        fit(session, limit)
        current = queries.measure(session, entitlement)
        queries.note_measure(session, entitlement, LEVEL, current)
        if not warns(current, limit):
            queries.unmark_warned(session, entitlement, LEVEL)


def catalogue(session: Session, currency: Currency | None = None) -> Catalogue:
    """The newest catalogue, its prices in `currency` only where one is named."""
    found = _catalogue(session)
    if currency is None:
        return found
    return found.model_copy(
        update={
            "plans": [
                plan.model_copy(update={"prices": [price for price in plan.prices if price.currency == currency]})
                for plan in found.plans
            ]
        }
    )


def subscription(session: TenantSession) -> Subscription:
    """The tenant's own; raises NotFound for a tenant that has none."""
    row = queries.subscription(session)
    if row is None:
        raise NotFound
    held = queries.items(session)
    return Subscription(
        **row,
        items=[SubscriptionItem(line=item["line"], plan=item["plan"], version=item["version"]) for item in held],
        limits=queries.limits(session),
        flags=sorted({flag for item in held for flag in item["flags"]}),
    )


def limit_of(session: TenantSession, entitlement: Entitlement) -> int | None:
    """The tenant's limit in the catalogue's unit, None for unlimited."""
    return queries.limits(session)[entitlement]


def plan_codes(session: TenantSession) -> list[str]:
    """The codes of the tenant's plans, at most one of each line."""
    return queries.plan_codes(session)


def change_subscription(session: TenantSession, actor: UUID, changes: SubscriptionChanges) -> Subscription:
    """For the platform; raises UnknownPlan, InvalidRequest for two plans of one line, CustomerTaken, Forbidden.

    The larger plan thaws and the smaller one freezes in this same transaction.
    """
    try:
        queries.hold_subscription(session)
        if changes.plans is not None:
            _replace_items(session, actor, changes.plans)
        queries.set_terms(session, actor=actor, terms=changes.model_dump(exclude={"plans", "agreed_limits"}))
        for entitlement, quantity in changes.agreed_limits.items():
            queries.agree_limit(session, actor=actor, entitlement=entitlement, quantity=quantity)
    except InsufficientPrivilege:
        raise Forbidden from None
    except UniqueViolation:
        raise CustomerTaken from None
    settle(session)
    return subscription(session)


def find_plan(session: Session, given: str) -> CataloguePlan:
    """A plan by its code or its alias (K36: the catalogue's codes win); raises UnknownPlan."""
    plans = _catalogue(session).plans
    wanted = given.lower()
    found = [plan for plan in plans if plan.code == wanted] or [plan for plan in plans if wanted in plan.aliases]
    if not found:
        raise UnknownPlan(plan=given, known=", ".join(plan.code for plan in plans), errors=[])
    return found[0]


def _replace_items(session: TenantSession, actor: UUID, given: list[str]) -> None:
    wanted = {plan.line: plan for plan in (find_plan(session, code) for code in given)}
    if len(wanted) < len(given):
        raise InvalidRequest(errors=[{"field": "plans", "message": "at most one plan of each line"}])
    for line in get_args(Line):
        queries.set_item(session, actor=actor, line=line, plan=wanted[line].code if line in wanted else None)


def _catalogue(session: Session) -> Catalogue:
    document = queries.catalogue(session)
    if document is None:
        raise RuntimeError("No catalogue is published: the migrations have not run.")
    plans = [
        {**plan, "prices": [{**price, "amount": money(price["amount"], price["currency"])} for price in plan["prices"]]}
        for plan in document["plans"]
    ]
    return Catalogue.model_validate({"version": document["version"], "plans": plans})


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
