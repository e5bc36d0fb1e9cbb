"""Plans as the catalogue has them, a tenant's subscription, and its use of what it pays for."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from painelml.core.fields import Order
from painelml.core.wire import Moment, Money

Currency = Literal["BRL", "USD"]
Cycle = Literal["monthly", "yearly"]
Line = Literal["painel", "atendimento"]
PlanCode = Annotated[str, Field(min_length=2, max_length=40, pattern=r"^[A-Za-z_.]+$")]
WARNING_PERCENT = 90
SILO = "silo"
"""The flag of plans whose tenants have a database of their own (K09)."""
GIGABYTE = 10**9


class Entitlement(StrEnum):
    """What a plan limits (K08). The catalogue has a number, or null for unlimited, for each of them and every plan."""

    ML_ACCOUNTS = "ml_accounts"
    AGENTS = "agents"
    CONVERSATIONS_MONTH = "conversations_month"
    MESSAGES_MONTH = "messages_month"
    STORAGE_GB = "storage_gb"
    RATE_LIMIT_15M = "rate_limit_15m"
    PAGE_READS_15M = "page_reads_15m"


class Measure(StrEnum):
    """How use is known: `measured` from the rows themselves, `level` and `month` by a counter (for `month`, one each)."""

    MEASURED = "measured"
    LEVEL = "level"
    MONTH = "month"


MEASURES: dict[Entitlement, Measure] = {
    Entitlement.ML_ACCOUNTS: Measure.MEASURED,
    Entitlement.AGENTS: Measure.MEASURED,
    Entitlement.CONVERSATIONS_MONTH: Measure.MONTH,
    Entitlement.MESSAGES_MONTH: Measure.MONTH,
    Entitlement.STORAGE_GB: Measure.LEVEL,
}
"""The entitlements that are used up. The two rates are Valkey's business (core/rate_limit.py)."""

UNITS = {Entitlement.STORAGE_GB: GIGABYTE}
"""How many counted units one of the catalogue's is: storage is counted in bytes and sold in gigabytes of 10^9 bytes."""


class Price(BaseModel):
    """`amount` null is on request; `is_from` says that the price begins there."""

    model_config = ConfigDict(frozen=True)

    currency: Currency
    cycle: Cycle
    amount: Money | None
    is_from: bool


class CataloguePlan(BaseModel):
    """One plan of the catalogue. A limit that is null is unlimited; times are in days."""

    model_config = ConfigDict(frozen=True)

    code: str
    line: Line
    name: str
    aliases: list[str]
    trial_days: int
    grace_days: int
    retry_days: list[int]
    limits: dict[Entitlement, int | None]
    flags: list[str]
    prices: list[Price]


class Catalogue(BaseModel):
    """One version: what was published stays as it is, and a subscription keeps the version that it was bought from."""

    version: str
    plans: list[CataloguePlan]


class SubscriptionItem(BaseModel):
    """A plan of one line, from the version of the catalogue that it was bought from."""

    line: Line
    plan: str
    version: str


class Subscription(BaseModel):
    """B050, B051: one for each tenant, with at most one plan of each line."""

    status: Literal["trialing", "active", "past_due", "cancelled"]
    items: list[SubscriptionItem]
    currency: Currency
    cycle: Cycle
    period_start: Moment
    period_end: Moment
    trial_ends_at: Moment | None
    cancel_at_period_end: bool
    limits: dict[Entitlement, int | None]
    flags: list[str]


class Use(BaseModel):
    """`current` and `limit` in counted units (`unit`); `limit` null is unlimited. `frozen` is what the plan has no room for."""

    entitlement: Entitlement
    unit: Literal["count", "byte"]
    period: str | None
    current: int
    limit: int | None
    percent: int | None
    warning: bool
    frozen: int = 0


class Usage(BaseModel):
    """What the tenant has used of each entitlement, and its two rates in calls per 15 minutes (null: unlimited)."""

    plans: list[str]
    uses: list[Use]
    rate_limit_15m: int | None
    page_reads_15m: int | None
    upgrade: str


class SubscriptionChanges(Order):
    """What the platform may change; what is absent stays.

    `plans` replaces all of them: at most one of each line, by code (`painel.pro`) or alias (`pro`). `agreed_limits` are what
    was agreed with this tenant instead of the catalogue's numbers; null takes an agreement back.
    """

    currency: Currency | None = None
    cycle: Cycle | None = None
    cancel_at_period_end: bool | None = None
    stripe_customer_id: Annotated[str, Field(pattern=r"^cus_[A-Za-z0-9]{1,60}$")] | None = None
    plans: list[PlanCode] | None = Field(None, min_length=1, max_length=2)
    agreed_limits: dict[Entitlement, Annotated[int, Field(ge=1, le=10**12)] | None] = Field(default_factory=dict)


def percent(current: int, limit: int | None) -> int | None:
    """Whole percent, rounded down; None where there is no limit, or nothing to use at all."""
    return current * 100 // limit if limit else None


def warns(current: int, limit: int | None) -> bool:
    """From 90 % on (K08)."""
    used = percent(current, limit)
    return used is not None and used >= WARNING_PERCENT
