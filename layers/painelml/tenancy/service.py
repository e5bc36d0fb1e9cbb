"""The rules of tenants. Sessions are transactions: the handler opens and ends them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from uuid import UUID

from painelml.audit import AuditEvent, record, record_at_home
from painelml.core.db import InsufficientPrivilege, Session, TenantSession, UniqueViolation
from painelml.core.errors import Conflict, Forbidden, NotFound
from painelml.core.pages import Page, decode_id, page_of
from painelml.plans import service as plans
from painelml.tenancy import queries
from painelml.tenancy.errors import EmailTaken, MoveNotAllowed
from painelml.tenancy.models import MOVES, NewTenant, PlatformTenantChanges, Tenant, TenantChanges, TenantStatus


def open_tenant(session: TenantSession, new: NewTenant) -> Tenant:
    """Makes the tenant that the session is in; raises EmailTaken."""
    with email_kept_unique():
        queries.open_tenant(session, name=new.name, email=new.email, plan=new.plan, max_accounts=new.max_accounts)
    return own(session)


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


def one_for_platform(session: Session, actor: UUID, tenant_id: UUID) -> Tenant:
    """Raises NotFound. The tenant can see in its audit log that we looked."""
    tenant = _any_tenant(session, actor, tenant_id)
    record(session.enter(tenant_id), AuditEvent.PLATFORM_ACTION, actor=actor, subject="tenant.read")
    return tenant


def _any_tenant(session: Session, actor: UUID, tenant_id: UUID) -> Tenant:
    with role_proved_again():
        rows = queries.for_platform(session, actor=actor, only=tenant_id, page_size=1)
    if not rows:
        raise NotFound
    return Tenant(**rows[0])


def change_for_platform(session: TenantSession, actor: UUID, tenant_id: UUID, changes: PlatformTenantChanges) -> Tenant:
    """Raises NotFound, MoveNotAllowed, EmailTaken, and Conflict when the tenant moved while we looked."""
    tenant = _any_tenant(session, actor, tenant_id)
    wanted = changes.model_dump(exclude_none=True)
    if changes.status is not None and changes.status != tenant.status:
        _check_move(tenant.status, changes.status)
    with role_proved_again(), email_kept_unique():
        changed = queries.change_for_platform(session, tenant_id, actor=actor, moved_from=tenant.status, changes=wanted)
    if not changed:
        raise Conflict
    if wanted.keys() & {"plan", "max_accounts"}:
        plans.settle(session)
    after = _any_tenant(session, actor, tenant_id)
    _enter_changes(session, actor, tenant, after, wanted)
    return after


def cancel(session: TenantSession, actor: UUID, tenant_id: UUID) -> Tenant:
    """Ends a tenant: its people can no longer enter, its rows stay. Cancelling twice is no mistake."""
    return change_for_platform(session, actor, tenant_id, PlatformTenantChanges(status=TenantStatus.CANCELLED))


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
def role_proved_again() -> Generator[None]:
    """The database proves the actor's platform role once more: a token may be older than the role's end."""
    try:
        yield
    except InsufficientPrivilege:
        raise Forbidden from None


def _check_move(moved_from: TenantStatus, to: TenantStatus) -> None:
    if to not in MOVES[moved_from]:
        raise MoveNotAllowed(moved_from=moved_from, to=to, allowed=", ".join(sorted(MOVES[moved_from])))
