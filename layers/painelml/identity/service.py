"""The rules of who belongs to a tenant.

What hashes a password opens its transaction itself, so that none stands open for the 70 ms that a hash takes.
"""

from __future__ import annotations

from uuid import UUID

from painelml.audit import AuditEvent, record
from painelml.core.caller import Caller
from painelml.core.db import Session, TenantSession, directory_session, tenant_session
from painelml.core.errors import NotFound
from painelml.core.ids import uuid7
from painelml.core.pages import Page, decode_id, page_of
from painelml.core.standing import MAY, acting
from painelml.identity import letters, queries
from painelml.identity.errors import LastOwner, OwnersOnly
from painelml.identity.letters import Wanted
from painelml.identity.models import (
    Me,
    NewOwner,
    NewPlatformUser,
    NewTenantWithOwner,
    NewUser,
    SignedUp,
    SignUp,
    User,
    UserChanges,
)
from painelml.identity.passwords import hash_password, refuse_common
from painelml.identity.permissions import PlatformRole, Role, permissions_of
from painelml.identity.throttle import Attempt
from painelml.plans import service as plans
from painelml.plans.models import Entitlement
from painelml.tenancy import provisioning
from painelml.tenancy import service as tenancy
from painelml.tenancy.errors import EmailTaken
from painelml.tenancy.models import Membership
from painelml.tenancy.provisioning import OwnerSecrets, Wish


def sign_up(wanted: SignUp, *, address: str, language: str) -> SignedUp:
    """A tenant and its OWNER, both or neither, and a letter to prove the e-mail; raises EmailTaken, WeakPassword, TooManyTries.

    An address that keeps asking for e-mails that are taken has to wait longer and longer (docs/decisions/0020).

    What an earlier try left half-made is finished first. If its OWNER was there already, they have a password: EmailTaken.
    """
    attempt = Attempt("register", account="", address=address)
    hashed = _hashed(NewOwner(name=wanted.name, email=wanted.email, password=wanted.password), wanted.company_name)
    wish = Wish(
        name=wanted.company_name, email=wanted.email, owner_name=wanted.name, owner_email=wanted.email, origin="sign_up"
    )
    with directory_session() as session:
        half_made = provisioning.unfinished(session, wanted.email)
    made = _open(half_made or uuid7(), wish, hashed)
    if made is None:
        raise EmailTaken
    attempt.succeeded()
    letters.queue_after(Wanted(kind="verify_email", language=language, email=made.user.email, person=made.user.id))
    return made


def open_tenant(caller: Caller, wanted: NewTenantWithOwner) -> SignedUp:
    """The same, as the platform asks for it, or a partner for a sub-tenant; raises as provisioning does, and Forbidden."""
    hashed = _hashed(wanted.owner, wanted.name)
    with directory_session() as session:
        parent = tenancy.partner_of(session, caller.user_id, wanted.plan)
    wish = Wish(
        name=wanted.name,
        email=wanted.email,
        owner_name=wanted.owner.name,
        owner_email=wanted.owner.email,
        plan=wanted.plan,
        max_accounts=wanted.max_accounts,
        host=wanted.host,
        parent_id=parent,
        actor=caller.user_id,
    )
    made = _open(uuid7(), wish, hashed)
    if made is None:
        raise EmailTaken
    return made


def add_user(caller: Caller, wanted: NewUser) -> User:
    """A colleague in the caller's tenant; raises OwnersOnly, EmailTaken, LimitReached, WeakPassword."""
    check_reach(caller, wanted.role)
    hashed = _hashed(wanted)
    with tenant_session(caller.tenant_id) as session:
        added = _added(session, wanted, wanted.role, hashed)
        record(session, AuditEvent.USER_ADDED, actor=caller.user_id, subject=str(added.id), details={"role": added.role})
        return added


def users(session: TenantSession, *, limit: int, cursor: str | None = None) -> Page[User]:
    """The tenant's people, active or not, oldest first."""
    rows = queries.members(session, after=decode_id(cursor), page_size=limit + 1)
    return page_of([User(**row) for row in rows], limit, key=lambda user: [user.id])


def user(session: TenantSession, user_id: UUID) -> User:
    rows = queries.members(session, only=user_id, page_size=1)
    if not rows:
        raise NotFound
    return User(**rows[0])


def change_user(session: TenantSession, caller: Caller, user_id: UUID, changes: UserChanges) -> User:
    """Raises NotFound, OwnersOnly, LastOwner, LimitReached. Who is deactivated loses their sessions here."""
    owners = queries.hold_owners(session)
    before = user(session, user_id)
    check_reach(caller, before.role, changes.role)
    stays_owner = changes.role in (None, Role.OWNER) and changes.is_active is not False
    if owners == {user_id} and not stays_owner:
        raise LastOwner
    if not _is_agent(before) and _is_agent(before.model_copy(update=changes.model_dump(exclude_none=True))):
        plans.check_and_consume(session, Entitlement.AGENTS)
    queries.change_member(session, user_id, name=changes.name, role=changes.role, is_active=changes.is_active)
    plans.settle(session)
    after = user(session, user_id)
    _enter_changes(session, caller, before, after)
    return after


def deactivate_user(session: TenantSession, caller: Caller, user_id: UUID) -> None:
    """Raises NotFound, OwnersOnly, LastOwner."""
    change_user(session, caller, user_id, UserChanges(is_active=False))


def me(session: TenantSession, caller: Caller) -> Me:
    """Raises NotFound for someone who has left the tenant since their token was made."""
    account = queries.account_of(session, caller.user_id)
    tenant = tenancy.own(session)
    return Me(
        user=user(session, caller.user_id),
        email_verified_at=account["email_verified_at"] if account else None,
        tenant=tenant,
        platform_role=PlatformRole(caller.platform_role) if caller.platform_role else None,
        permissions=sorted(permissions_of(caller)),
        may=sorted(MAY[tenant.status]),
        memberships=[Membership(**row) for row in queries.memberships(session, caller.user_id)],
    )


def create_platform_user(session: Session, wanted: NewPlatformUser) -> UUID:
    """One of our own people, in our own tenant, which is made on first use; raises EmailTaken. Only as `owner`.

    A PARTNER is no one of ours: they get a tenant of their own, below which their sub-tenants are.
    """
    person = uuid7()
    hashed = hash_password(wanted.password.get_secret_value())
    with tenancy.email_kept_unique():
        if wanted.platform_role is PlatformRole.PARTNER:
            queries.add_partner(
                session,
                person,
                tenant=uuid7(),
                email=wanted.email,
                name=wanted.name,
                password_hash=hashed,
                max_accounts=wanted.max_accounts,
            )
            return person
        queries.add_platform_user(
            session,
            person,
            house=uuid7(),
            email=wanted.email,
            name=wanted.name,
            password_hash=hashed,
            platform_role=wanted.platform_role,
        )
    return person


def _open(tenant_id: UUID, wish: Wish, hashed: str) -> SignedUp | None:
    """None where the tenant's OWNER was made by an earlier try, who chose their own password."""
    owner = OwnerSecrets(uuid7(), hashed)
    provisioning.provision(tenant_id, wish, owner)
    with acting(None), tenant_session(tenant_id) as session:
        rows = queries.members(session, only=owner.id, page_size=1)
        if not rows:
            return None
        return SignedUp(tenant=tenancy.own(session), user=User(**rows[0]))


def _enter_changes(session: TenantSession, caller: Caller, before: User, after: User) -> None:
    subject = str(after.id)
    if after.role != before.role:
        details = {"from": before.role, "to": after.role}
        record(session, AuditEvent.ROLE_CHANGED, actor=caller.user_id, subject=subject, details=details)
    if after.is_active != before.is_active:
        event = AuditEvent.USER_REACTIVATED if after.is_active else AuditEvent.USER_DEACTIVATED
        record(session, event, actor=caller.user_id, subject=subject)


def _added(session: TenantSession, wanted: NewOwner | NewUser, role: Role, hashed: str) -> User:
    person = uuid7()
    if role is not Role.VIEWER:
        plans.check_and_consume(session, Entitlement.AGENTS)
    with tenancy.email_kept_unique():
        queries.add_member(session, person, email=wanted.email, name=wanted.name, password_hash=hashed, role=role)
    return user(session, person)


def _is_agent(person: User) -> bool:
    """Whoever may do more than look takes one of the plan's agents."""
    return person.is_active and person.role is not Role.VIEWER


def _hashed(wanted: NewOwner | NewUser | NewPlatformUser, *context: str) -> str:
    """Raises WeakPassword."""
    password = wanted.password.get_secret_value()
    refuse_common(password, wanted.name, wanted.email, *context)
    return hash_password(password)


def check_reach(caller: Caller, *roles: Role | None) -> None:
    """OWNERs are made and changed by OWNERs alone."""
    if Role.OWNER in roles and caller.role != Role.OWNER:
        raise OwnersOnly
