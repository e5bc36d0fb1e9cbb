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
from painelml.tenancy.models import FREE, GivenCode, Host, MaxAccounts, Membership, Tenant

NewPassword = Annotated[Secret, Field(min_length=12, max_length=128, description="12 to 128 characters, any of them.")]
GivenPassword = Annotated[Secret, Field(min_length=1, max_length=128)]
Code = Annotated[Secret, Field(min_length=6, max_length=40, description="Of the authenticator app, or a recovery code.")]
LetterToken = Annotated[Secret, Field(min_length=16, max_length=256, description="The token in the letter's link.")]
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
    email_verified_at: Moment | None
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
    """What the platform says to open a tenant. `email` is the tenant's own address, `plan` one of GET /billing/plans."""

    name: Name
    email: Email
    plan: GivenCode = FREE
    max_accounts: MaxAccounts | None = None
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
    """`cookie` asks for the refresh token as an HttpOnly cookie instead of a member of the answer.

    `code` comes from the authenticator app, or is a recovery code; needed after an answer `totp_required`.
    """

    email: Email
    password: GivenPassword
    code: Code | None = None
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


class ForgottenPassword(Order):
    email: Email


class PasswordReset(Order):
    token: LetterToken
    password: NewPassword


class EmailProof(Order):
    token: LetterToken


class Queued(BaseModel):
    """Said whatever was found: a letter is on its way to the address, if it is good for one."""

    queued: Literal[True] = True


class PasswordChange(Order):
    """All other sessions end with the change."""

    current_password: GivenPassword
    new_password: NewPassword


class EmailChange(Order):
    """The address gets a letter and becomes the account's when its link is opened. The present one gets a new proof."""

    current_password: GivenPassword
    email: Email


class Session(BaseModel):
    """A place where someone is logged in. `current`: the one that asks."""

    id: UUID
    created_at: Moment
    last_used_at: Moment
    expires_at: Moment
    current: bool


class SessionsEnded(BaseModel):
    ended: int


class Proof(Order):
    """The caller's password again."""

    current_password: GivenPassword


class ProofWithCode(Proof):
    code: Code


class CodeGiven(Order):
    code: Code


class TotpStatus(BaseModel):
    enabled: bool
    recovery_codes_left: int


class TotpBegun(BaseModel):
    """Shown once. `otpauth_uri` is what a QR code for the app carries; nothing changes until a code confirms it."""

    secret: str
    otpauth_uri: str


class RecoveryCodes(BaseModel):
    """Shown once; each works once in place of a code of the app."""

    recovery_codes: list[str]


class NewInvitation(Order):
    email: Email
    role: Role


class Invitation(BaseModel):
    """An invitation that is open."""

    id: UUID
    email: str
    role: Role
    invited_by: UUID
    created_at: Moment
    expires_at: Moment


class Acceptance(Order):
    """`name` and `password` make the account where the address has none (or one that never proved the address)."""

    token: LetterToken
    name: Name | None = None
    password: NewPassword | None = None


class Accepted(BaseModel):
    """The tenant that was joined. Log in next."""

    tenant_id: UUID
    user_id: UUID


class NewApiKey(Order):
    """`scopes` are permissions that its maker holds. It ends after `expires_in_days`.

    `rate_limit_15m` is how many calls it may make in 15 minutes, within what the plan allows; as many as that without it.
    """

    name: Name
    scopes: Annotated[list[Permission], Field(min_length=1, max_length=len(Permission))]
    expires_in_days: Annotated[int, Field(ge=1, le=366)] = 90
    rate_limit_15m: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class ApiKey(BaseModel):
    """`prefix` is the key's beginning, to know it again by. `last_used_at` is exact to a minute."""

    id: UUID
    name: str
    prefix: str
    scopes: list[Permission]
    created_by: UUID
    created_at: Moment
    expires_at: Moment
    last_used_at: Moment | None
    rate_limit_15m: int | None


class MadeApiKey(ApiKey):
    """`key` is shown here and never again: only its hash is kept."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """From where a session is used, as far as it can be told: only its hash is kept."""

    address: str
    agent: str
