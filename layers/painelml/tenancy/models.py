"""A tenant, and the one table of the moves between its states."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from painelml.core.fields import Email, Name, Order
from painelml.core.standing import MAY, Act, TenantStatus
from painelml.core.wire import Moment
from painelml.plans.models import PlanCode


class Plan(StrEnum):
    """The lines of 001 (K07); what each allows is the plan catalogue's business."""

    FREE = "FREE"
    BASIC = "BASIC"
    PRO = "PRO"
    ENTERPRISE = "ENTERPRISE"


FREE = "painel.free"
"""The catalogue's code of the plan that a tenant is opened on where nobody says otherwise."""

_S = TenantStatus
MOVES: dict[TenantStatus, frozenset[TenantStatus]] = {
    _S.PROVISIONING: frozenset({_S.TRIAL, _S.ACTIVE, _S.CANCELLED}),
    _S.TRIAL: frozenset({_S.ACTIVE, _S.PAST_DUE, _S.SUSPENDED, _S.CANCELLED}),
    _S.ACTIVE: frozenset({_S.PAST_DUE, _S.SUSPENDED, _S.CANCELLED}),
    _S.PAST_DUE: frozenset({_S.ACTIVE, _S.SUSPENDED, _S.CANCELLED}),
    _S.SUSPENDED: frozenset({_S.ACTIVE, _S.CANCELLED}),
    _S.CANCELLED: frozenset({_S.ACTIVE}),  # rows are kept, so a customer who returns finds them
}
OPEN = frozenset(status for status, acts in MAY.items() if Act.SIGN_IN in acts)
"""The states whose people may log in. directory.ways_in names the same three; a test compares them."""

MaxAccounts = Annotated[int, Field(ge=1, le=10_000)]

Host = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        max_length=253,
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)+$",
    ),
]
"""A host name, whose pages wear the tenant's brand before anyone has signed in."""


def _plan(given: object) -> object:
    """K36: `painel.pro` and `pro` are PRO."""
    return given.removeprefix("painel.").upper() if isinstance(given, str) else given


GivenPlan = Annotated[Plan, BeforeValidator(_plan)]


def _code(given: object) -> object:
    """001's names for the line painel are the catalogue's codes: FREE is painel.free. Whether there is such a plan, it says."""
    return f"painel.{given.lower()}" if isinstance(given, str) and given.upper() in Plan.__members__ else given


GivenCode = Annotated[
    PlanCode, BeforeValidator(_code), Field(description="A plan of the catalogue, such as painel.pro, or its alias.")
]


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


class TenantChanges(Order):
    """What a tenant's own people may change; what is absent stays."""

    name: Name | None = None
    email: Email | None = None


class PlatformTenantChanges(TenantChanges):
    """What the platform may change besides. A status moves only along MOVES."""

    plan: GivenPlan | None = None
    status: TenantStatus | None = None
    max_accounts: MaxAccounts | None = None


class Membership(BaseModel):
    """A place that the caller may switch to. `is_default` is where a login begins."""

    tenant_id: UUID
    tenant_name: str
    status: TenantStatus
    role: str
    is_default: bool


class Step(BaseModel):
    """One step of provisioning; `done_at` null is still to do."""

    step: str
    done_at: Moment | None


class Provisioning(BaseModel):
    """How a tenant came to be. status: running, waiting (for its database), failed, done or undone."""

    tenant_id: UUID
    status: str
    attempts: int
    error: str | None
    created_at: Moment
    updated_at: Moment
    steps: list[Step]
