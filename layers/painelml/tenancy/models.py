"""A tenant, and the one table of the moves between its states."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from painelml.core.fields import Email, Name, Order
from painelml.core.wire import Moment


class Plan(StrEnum):
    """The lines of 001 (K07); what each allows is the plan catalogue's business."""

    FREE = "FREE"
    BASIC = "BASIC"
    PRO = "PRO"
    ENTERPRISE = "ENTERPRISE"


class TenantStatus(StrEnum):
    """K46."""

    PROVISIONING = "PROVISIONING"
    TRIAL = "TRIAL"
    ACTIVE = "ACTIVE"
    PAST_DUE = "PAST_DUE"
    SUSPENDED = "SUSPENDED"
    CANCELLED = "CANCELLED"


_S = TenantStatus
MOVES: dict[TenantStatus, frozenset[TenantStatus]] = {
    _S.PROVISIONING: frozenset({_S.TRIAL, _S.ACTIVE, _S.CANCELLED}),
    _S.TRIAL: frozenset({_S.ACTIVE, _S.PAST_DUE, _S.SUSPENDED, _S.CANCELLED}),
    _S.ACTIVE: frozenset({_S.PAST_DUE, _S.SUSPENDED, _S.CANCELLED}),
    _S.PAST_DUE: frozenset({_S.ACTIVE, _S.SUSPENDED, _S.CANCELLED}),
    _S.SUSPENDED: frozenset({_S.ACTIVE, _S.CANCELLED}),
    _S.CANCELLED: frozenset({_S.ACTIVE}),  # rows are kept, so a customer who returns finds them
}
OPEN = frozenset({_S.TRIAL, _S.ACTIVE, _S.PAST_DUE})
"""The states whose people may log in. directory.ways_in names the same three; a test compares them."""

MaxAccounts = Annotated[int, Field(ge=1, le=10_000)]


def _plan(given: object) -> object:
    """K36: `painel.pro` and `pro` are PRO."""
    return given.removeprefix("painel.").upper() if isinstance(given, str) else given


GivenPlan = Annotated[Plan, BeforeValidator(_plan)]


class Tenant(BaseModel):
    """A customer company. `plan` is of the line painel; `max_accounts` is the entitlement ml_accounts, null for unlimited."""

    id: UUID
    name: str
    email: str
    plan: Plan
    status: TenantStatus
    max_accounts: int | None
    created_at: Moment
    updated_at: Moment


class NewTenant(Order):
    """A tenant to be opened: TRIAL, on the FREE plan unless said otherwise, with as many accounts as the plan has."""

    name: Name
    email: Email
    plan: GivenPlan = Plan.FREE
    max_accounts: MaxAccounts | None = None


class TenantChanges(Order):
    """What a tenant's own people may change; what is absent stays."""

    name: Name | None = None
    email: Email | None = None


class PlatformTenantChanges(TenantChanges):
    """What the platform may change besides. A status moves only along MOVES."""

    plan: GivenPlan | None = None
    status: TenantStatus | None = None
    max_accounts: MaxAccounts | None = None
