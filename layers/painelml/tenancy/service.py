"""The rules of tenants. Sessions are transactions: the handler opens and ends them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

from painelml.audit import AuditEvent, record, record_at_home
from painelml.core.db import (
    CheckViolation,
    InsufficientPrivilege,
    Row,
    Session,
    TenantSession,
    UniqueViolation,
    directory_session,
    tenant_session,
)
from painelml.core.errors import Conflict, Forbidden, NotFound
from painelml.core.pages import Page, decode_id, page_of
from painelml.core.standing import TenantStatus, acting
from painelml.plans import service as plans
from painelml.tenancy import queries
from painelml.tenancy.errors import (
    EmailTaken,
    HostTaken,
    MoveNotAllowed,
    PartnerLimitReached,
    PlanNotForPartners,
    SubTenantsLeft,
)
from painelml.tenancy.models import MOVES, SILO_PLANS, Plan, PlatformTenantChanges, Tenant, TenantChanges

NAMED_AT_MOST = 20


def own(session: TenantSession) -> Tenant:
    row = queries.own(session)
    if row is None:
        raise NotFound
    return Tenant(**row)


def change_own(session: TenantSession, changes: TenantChanges, *, actor: UUID | None = None) -> Tenant:
    """Raises EmailTaken."""
    with email_kept_unique():
        queries.rename_own(session, name=changes.name, email=changes.email)
    record(session, AuditEvent.TENANT_CHANGED, actor=actor, details=dict.fromkeys(changes.model_dump(exclude_none=True), True))
    return own(session)


def for_platform(
    session: Session, actor: UUID, *, limit: int, cursor: str | None = None, status: TenantStatus | None = None
) -> Page[Tenant]:
    """Every tenant but our own, oldest first."""
    after = decode_id(cursor)
    with role_proved_again():
        rows = queries.for_platform(session, actor=actor, status=status, after=after, page_size=limit + 1)
    record_at_home(session, AuditEvent.PLATFORM_ACTION, actor=actor, subject="tenants.list")
    return page_of([Tenant(**row) for row in rows], limit, key=lambda tenant: [tenant.id])


def _any_tenant(session: Session, actor: UUID, tenant_id: UUID) -> Tenant:
    with role_proved_again():
        rows = queries.for_platform(session, actor=actor, only=tenant_id, page_size=1)
    if not rows:
        raise NotFound
    return Tenant(**rows[0])


def read_for_platform(actor: UUID, tenant_id: UUID) -> Tenant:
    """One tenant; raises NotFound. The tenant can see in its audit log that we looked."""
    with directory_session() as session:
        tenant = _any_tenant(session, actor, tenant_id)
    write_down(actor, tenant_id, "tenant.read")
    return tenant


@contextmanager
def looked_into(actor: UUID, tenant_id: UUID) -> Generator[TenantSession]:
    """A transaction of the platform in `tenant_id`, whatever that tenant's state, and its entry there; raises NotFound."""
    with acting(None), tenant_session(tenant_id) as session:
        _any_tenant(session.home, actor, tenant_id)
        record(session, AuditEvent.PLATFORM_ACTION, actor=actor, subject="tenant.read")
        yield session


def change_for_platform(actor: UUID, tenant_id: UUID, changes: PlatformTenantChanges) -> Tenant:
    """Raises NotFound, MoveNotAllowed, SubTenantsLeft, EmailTaken, PartnerLimitReached, and Conflict when it moved meanwhile.

    The change, what its plan freezes or thaws, and its entries in the tenant's log are one transaction.
    """
    wanted = changes.model_dump(exclude_none=True)
    with acting(None), tenant_session(tenant_id) as session:
        before = _any_tenant(session.home, actor, tenant_id)
        if changes.status is not None and changes.status != before.status:
            check_move(before.status, changes.status, below=queries.sub_tenants(session.home, tenant_id, actor=actor))
        with role_proved_again(), email_kept_unique(), partner_limit_kept():
            changed = queries.change_for_platform(
                session.home, tenant_id, actor=actor, moved_from=before.status, changes=wanted
            )
        if not changed:
            raise Conflict
        if wanted.keys() & {"plan", "max_accounts"}:
            plans.settle(session)
        after = _any_tenant(session.home, actor, tenant_id)
        _enter_changes(session, actor, before, after, wanted)
        return after


def cancel(actor: UUID, tenant_id: UUID) -> Tenant:
    """Ends a tenant: its people can no longer enter, its rows stay. Cancelling twice is no mistake."""
    return change_for_platform(actor, tenant_id, PlatformTenantChanges(status=TenantStatus.CANCELLED))


def _enter_changes(session: TenantSession, actor: UUID, before: Tenant, after: Tenant, wanted: Mapping[str, object]) -> None:
    record(session, AuditEvent.PLATFORM_ACTION, actor=actor, subject="tenant.change", details=dict.fromkeys(wanted, True))
    if after.plan != before.plan:
        record(session, AuditEvent.PLAN_CHANGED, actor=actor, details={"from": before.plan, "to": after.plan})
    if after.status != before.status:
        record(session, AuditEvent.STATUS_CHANGED, actor=actor, details={"from": before.status, "to": after.status})


@contextmanager
def email_kept_unique() -> Generator[None]:
    """An e-mail that someone else has, as the answer for it. The transaction is lost by then, so nothing is half-written."""
    try:
        yield
    except UniqueViolation:
        raise EmailTaken from None


@contextmanager
def what_is_taken() -> Generator[None]:
    """What someone else has already, e-mail, host or id, as the answer for it."""
    try:
        yield
    except UniqueViolation as error:
        constraint = error.diag.constraint_name or ""
        if "host" in constraint:
            raise HostTaken from None
        raise EmailTaken from None


@contextmanager
def partner_limit_kept() -> Generator[None]:
    """More than a partner may give to its sub-tenants, as the answer for it."""
    try:
        yield
    except CheckViolation as error:
        if "partner limit" in str(error):
            raise PartnerLimitReached from None
        raise


def partner_of(session: Session, actor: UUID, plan: Plan) -> UUID | None:
    """The tenant below which `actor` opens one: a partner's own, None for MASTER. Raises Forbidden, PlanNotForPartners."""
    with role_proved_again():
        partner = queries.partner_of(session, actor=actor)
    if partner is not None and plan in SILO_PLANS:
        raise PlanNotForPartners
    return partner


def write_down(actor: UUID, tenant_id: UUID, action: str) -> None:
    """A platform person's deed, in the log of the tenant that it was done to, whatever that tenant's state."""
    with acting(None), tenant_session(tenant_id) as session:
        record(session, AuditEvent.PLATFORM_ACTION, actor=actor, subject=action)


@contextmanager
def role_proved_again() -> Generator[None]:
    """The database proves the actor's platform role once more: a token may be older than the role's end."""
    try:
        yield
    except InsufficientPrivilege:
        raise Forbidden from None


def check_move(moved_from: TenantStatus, to: TenantStatus, *, below: Sequence[Row]) -> None:
    """Raises MoveNotAllowed, and SubTenantsLeft: whoever is below a partner would have nobody who runs them."""
    if to not in MOVES[moved_from]:
        raise MoveNotAllowed(moved_from=moved_from, to=to, allowed=", ".join(sorted(MOVES[moved_from])))
    left = [row for row in below if row["status"] != TenantStatus.CANCELLED]
    if left and to is TenantStatus.CANCELLED:
        shown = [{name: str(value) for name, value in row.items()} for row in left[:NAMED_AT_MOST]]
        names = ", ".join(one["name"] for one in shown) + (" …" if len(left) > NAMED_AT_MOST else "")
        raise SubTenantsLeft(count=len(left), names=names, sub_tenants=shown)
