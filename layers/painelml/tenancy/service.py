"""The rules of tenants. Sessions are transactions: the handler opens and ends them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

from painelml.audit import AuditEvent, Detail, record, record_outside
from painelml.core.caller import known_caller
from painelml.core.db import (
    CheckViolation,
    InsufficientPrivilege,
    Row,
    Session,
    TenantSession,
    UniqueViolation,
    directory_session,
    home_session,
    tenant_session,
)
from painelml.core.errors import Conflict, Forbidden, NotFound
from painelml.core.pages import Page, decode_id, page_of
from painelml.core.standing import TenantStatus, acting
from painelml.plans import service as plans
from painelml.plans.models import SILO, Subscription, SubscriptionChanges
from painelml.tenancy import queries
from painelml.tenancy.errors import (
    EmailTaken,
    HostTaken,
    MoveNotAllowed,
    PartnerLimitReached,
    PlanNotForPartners,
    SubTenantsLeft,
)
from painelml.tenancy.models import MOVES, PlatformTenantChanges, Tenant, TenantChanges

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
    record_outside(session, AuditEvent.PLATFORM_ACTION, actor=actor, subject="tenants.list")
    return page_of([Tenant(**row) for row in rows], limit, key=lambda tenant: [tenant.id])


def _any_tenant(session: Session, actor: UUID, tenant_id: UUID) -> Tenant:
    with role_proved_again():
        rows = queries.for_platform(session, actor=actor, only=tenant_id, page_size=1)
    if not rows:
        raise NotFound
    return Tenant(**rows[0])


def read_for_platform(actor: UUID, tenant_id: UUID) -> Tenant:
    """One tenant; raises NotFound. The tenant can see in its audit log that we looked."""
    with refusals_entered(tenant_id), directory_session() as session:
        tenant = _any_tenant(session, actor, tenant_id)
    write_down(actor, tenant_id, "tenant.read")
    return tenant


@contextmanager
def looked_into(actor: UUID, tenant_id: UUID) -> Generator[TenantSession]:
    """A transaction of the platform in `tenant_id`, whatever that tenant's state, and its entry there; raises NotFound."""
    with refusals_entered(tenant_id), acting(None), tenant_session(tenant_id) as session:
        _any_tenant(session.home, actor, tenant_id)
        record(session, AuditEvent.PLATFORM_ACTION, actor=actor, subject="tenant.read")
        yield session


def change_for_platform(actor: UUID, tenant_id: UUID, changes: PlatformTenantChanges) -> Tenant:
    """Raises NotFound, MoveNotAllowed, SubTenantsLeft, EmailTaken, PartnerLimitReached, and Conflict when it moved meanwhile.

    The change, what its plan freezes or thaws, and its entries in the tenant's log are one transaction.
    """
    wanted = changes.model_dump(exclude_none=True)
    with refusals_entered(tenant_id), acting(None), tenant_session(tenant_id) as session:
        before, plans_before = _any_tenant(session.home, actor, tenant_id), plans.plan_codes(session)
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
        _enter_plans(session, actor, plans_before, plans.plan_codes(session))
        return after


def change_subscription(actor: UUID, tenant_id: UUID, changes: SubscriptionChanges) -> Subscription:
    """As plans.service does it, and its entries in the tenant's log, in one transaction; raises NotFound besides."""
    with refusals_entered(tenant_id), acting(None), tenant_session(tenant_id) as session:
        _any_tenant(session.home, actor, tenant_id)
        before = plans.plan_codes(session)
        changed = plans.change_subscription(session, actor, changes)
        told: dict[str, Detail] = dict.fromkeys(changes.model_dump(exclude_defaults=True), True)
        record(session, AuditEvent.PLATFORM_ACTION, actor=actor, subject="subscription.change", details=told)
        _enter_plans(session, actor, before, plans.plan_codes(session))
        return changed


def cancel(actor: UUID, tenant_id: UUID) -> Tenant:
    """Ends a tenant: its people can no longer enter, its rows stay. Cancelling twice is no mistake."""
    return change_for_platform(actor, tenant_id, PlatformTenantChanges(status=TenantStatus.CANCELLED))


def _enter_changes(session: TenantSession, actor: UUID, before: Tenant, after: Tenant, wanted: Mapping[str, object]) -> None:
    record(session, AuditEvent.PLATFORM_ACTION, actor=actor, subject="tenant.change", details=dict.fromkeys(wanted, True))
    if after.status != before.status:
        record(session, AuditEvent.STATUS_CHANGED, actor=actor, details={"from": before.status, "to": after.status})


def _enter_plans(session: TenantSession, actor: UUID, before: list[str], after: list[str]) -> None:
    """The plans that a tenant pays for, as codes of the catalogue, where they are no longer what they were."""
    if after != before:
        record(session, AuditEvent.PLAN_CHANGED, actor=actor, details={"from": "+".join(before), "to": "+".join(after)})


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


def partner_of(session: Session, actor: UUID, plan: str) -> UUID | None:
    """The tenant below which `actor` opens one: a partner's own, None for MASTER.

    Raises Forbidden, UnknownPlan, and PlanNotForPartners for one whose tenants have a database of their own.
    """
    with role_proved_again():
        partner = queries.partner_of(session, actor=actor)
    if partner is not None and SILO in plans.find_plan(session, plan).flags:
        raise PlanNotForPartners
    return partner


@contextmanager
def refusals_entered(tenant_id: UUID) -> Generator[None]:
    """A caller who is told that `tenant_id` is not there, written down in the log of the tenant that they are in.

    Nobody is told whether it is there for others, so the entry says what was asked for and no more.
    """
    try:
        yield
    except NotFound:
        if (caller := known_caller()) is not None:
            with acting(None), home_session(caller.tenant_id) as session:
                record(session, AuditEvent.FOREIGN_TENANT_REFUSED, actor=caller.user_id, subject=str(tenant_id))
        raise


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
