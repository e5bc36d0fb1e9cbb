"""People, their sessions, and what requests about them look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from painelml.core.fields import Email, Name, Order, Secret
from painelml.core.standing import Act
from painelml.core.wire import Moment
from painelml.identity.permissions import Permission, PlatformRole, Role
from painelml.tenancy.models import Host, MaxAccounts, Membership, Plan, Tenant

NewPassword = Annotated[Secret, Field(min_length=12, max_length=128, description="12 to 128 characters, any of them.")]
GivenPassword = Annotated[Secret, Field(min_length=1, max_length=128)]
RefreshToken = Annotated[Secret, Field(min_length=16, max_length=256)]


class User(BaseModel):
    """A person in one tenant. `is_active` says whether they may enter it."""

    id: UUID
    email: str
    name: str
    role: Role
    is_active: bool
    created_at: Moment


class Me(BaseModel):
    """The caller, as the database knows them now, and what they may do.

    `may` is what the tenant's state allows to anyone in it; `memberships` are where `POST /auth/switch-tenant` leads to.
    """

    user: User
    tenant: Tenant
    platform_role: PlatformRole | None
    permissions: list[Permission]
    may: list[Act]
    memberships: list[Membership]


class SignUp(Order):
    """A new tenant and its first OWNER. The tenant's e-mail is the owner's until it is changed."""

    company_name: Name
    name: Name
    email: Email
    password: NewPassword


class SignedUp(BaseModel):
    """What a sign-up made. Log in next."""

    tenant: Tenant
    user: User


class NewOwner(Order):
    """The first person of a tenant that the platform opens."""

    name: Name
    email: Email
    password: NewPassword


class NewTenantWithOwner(Order):
    """What the platform says to open a tenant. `email` is the tenant's own address."""

    name: Name
    email: Email
    plan: Plan = Plan.FREE
    max_accounts: MaxAccounts = 1
    host: Host | None = None
    owner: NewOwner


class NewUser(Order):
    """A colleague. They log in with `password` and can change it later."""

    name: Name
    email: Email
    password: NewPassword
    role: Role


class UserChanges(Order):
    """What may change about a colleague; what is absent stays."""

    name: Name | None = None
    role: Role | None = None
    is_active: bool | None = None


class NewPlatformUser(Order):
    """One of our own people, or a partner. `max_accounts` is what a partner's sub-tenants may connect together."""

    name: Name
    email: Email
    password: NewPassword
    platform_role: PlatformRole
    max_accounts: MaxAccounts = 100


class Login(Order):
    """`cookie` asks for the refresh token as an HttpOnly cookie instead of a member of the answer."""

    email: Email
    password: GivenPassword
    cookie: bool = False


class Refresh(Order):
    """`refresh_token`, unless the cookie brings it; an answer travels the way that its question came."""

    refresh_token: RefreshToken | None = None
    cookie: bool = False


class SwitchTenant(Order):
    """Where to go on. `make_default` lets the next login begin there too; `cookie` is as in a login."""

    tenant_id: UUID
    make_default: bool = False
    cookie: bool = False


class Tokens(BaseModel):
    """`expires_in` is in seconds. `refresh_token` works once, and is null where it went into the cookie."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: int
    refresh_token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """From where a session is used, as far as it can be told: only its hash is kept."""

    address: str
    agent: str
