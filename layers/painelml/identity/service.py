"""The rules of who belongs to a tenant.

What hashes a password opens its transaction itself, so that none stands open for the 70 ms that a hash takes.
"""

from __future__ import annotations

from uuid import UUID

from pydantic import SecretStr

from painelml.core.caller import Caller
from painelml.core.db import Session, TenantSession, directory_session, home_session, tenant_session
from painelml.core.errors import NotFound
from painelml.core.ids import uuid7
from painelml.core.pages import Page, decode_id, page_of
from painelml.core.standing import MAY, acting
from painelml.identity import queries
from painelml.identity.errors import LastOwner, OwnersOnly
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
from painelml.identity.passwords import hash_password
from painelml.identity.permissions import PlatformRole, Role, permissions_of
from painelml.tenancy import provisioning
from painelml.tenancy import service as tenancy
from painelml.tenancy.errors import EmailTaken
from painelml.tenancy.models import Membership
from painelml.tenancy.provisioning import OwnerSecrets, Wish


def sign_up(wanted: SignUp) -> SignedUp:
    """A tenant and its OWNER, both or neither; raises EmailTaken.

    What an earlier try left half-made is finished first. If its OWNER was there already, they have a password: EmailTaken.
    """
    wish = Wish(
        name=wanted.company_name, email=wanted.email, owner_name=wanted.name, owner_email=wanted.email, origin="sign_up"
    )
    with directory_session() as session:
        half_made = provisioning.unfinished(session, wanted.email)
    made = _open(half_made or uuid7(), wish, wanted.password)
    if made is None:
        raise EmailTaken
    return made


def open_tenant(caller: Caller, wanted: NewTenantWithOwner) -> SignedUp:
    """The same, as the platform asks for it, or a partner for a sub-tenant; raises as provisioning does, and Forbidden."""
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
    )
    made = _open(uuid7(), wish, wanted.owner.password)
    if made is None:
        raise EmailTaken
    tenancy.write_down(caller.user_id, made.tenant.id, "open_tenant", plan=wanted.plan.value)
    return made


def add_user(caller: Caller, wanted: NewUser) -> User:
    """A colleague in the caller's tenant; raises OwnersOnly, EmailTaken."""
    _check_reach(caller, wanted.role)
    hashed = hash_password(wanted.password.get_secret_value())
    with tenant_session(caller.tenant_id) as session:
        return _added(session, wanted, wanted.role, hashed)


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
    """Raises NotFound, OwnersOnly, LastOwner. Who is deactivated loses their sessions here."""
    owners = queries.hold_owners(session)
    _check_reach(caller, user(session, user_id).role, changes.role)
    stays_owner = changes.role in (None, Role.OWNER) and changes.is_active is not False
    if owners == {user_id} and not stays_owner:
        raise LastOwner
    queries.change_member(session, user_id, name=changes.name, role=changes.role, is_active=changes.is_active)
    return user(session, user_id)


def deactivate_user(session: TenantSession, caller: Caller, user_id: UUID) -> None:
    """Raises NotFound, OwnersOnly, LastOwner."""
    change_user(session, caller, user_id, UserChanges(is_active=False))


def me(session: TenantSession, caller: Caller) -> Me:
    """Raises NotFound for someone who has left the tenant since their token was made."""
    tenant = tenancy.own(session)
    return Me(
        user=user(session, caller.user_id),
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


def _open(tenant_id: UUID, wish: Wish, password: SecretStr) -> SignedUp | None:
    """None where the tenant's OWNER was made by an earlier try, who chose their own password."""
    owner = OwnerSecrets(uuid7(), hash_password(password.get_secret_value()))
    provisioning.provision(tenant_id, wish, owner)
    with acting(None), home_session(tenant_id) as session:
        rows = queries.members(session, only=owner.id, page_size=1)
        return SignedUp(tenant=tenancy.own(session), user=User(**rows[0])) if rows else None


def _added(session: TenantSession, wanted: NewOwner | NewUser, role: Role, hashed: str) -> User:
    person = uuid7()
    with tenancy.email_kept_unique():
        queries.add_member(session, person, email=wanted.email, name=wanted.name, password_hash=hashed, role=role)
    return user(session, person)


def _check_reach(caller: Caller, *roles: Role | None) -> None:
    """OWNERs are made and changed by OWNERs alone."""
    if Role.OWNER in roles and caller.role != Role.OWNER:
        raise OwnersOnly
