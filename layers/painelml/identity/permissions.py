"""Who may do what: one table, and the guards that stand before a route (K43).

Three guards, from the outside in: *authentication* is the authorizer's proof, read by `current_caller()`; *roles* is
`@permitted`, below; *tenant* is `tenant_session(current_tenant())`, behind which row-level security shows one tenant only.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, ClassVar, ParamSpec, TypeVar
from uuid import UUID

from painelml.core.caller import Caller, current_caller
from painelml.core.errors import Forbidden, Text
from painelml.core.http import keeps_signature

P = ParamSpec("P")
T = TypeVar("T")


class KeyNotEnough(Forbidden):
    code = "key_not_enough"
    detail: ClassVar[Text] = {
        "pt-BR": "Uma chave de API não pode fazer isto. Entre com e-mail e senha. Nada foi gravado.",
        "en": "An API key cannot do this. Log in with e-mail and password. Nothing was written.",
    }


class Role(StrEnum):
    """What a person is in one tenant."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    AGENT = "AGENT"
    VIEWER = "VIEWER"


class PlatformRole(StrEnum):
    """What one of our own people, or a partner, is for the whole platform."""

    MASTER = "MASTER"
    SUPPORT = "SUPPORT"
    PARTNER = "PARTNER"


class Permission(StrEnum):
    """One thing that a route does."""

    READ_SALES = "READ_SALES"
    READ_ML_ACCOUNTS = "READ_ML_ACCOUNTS"
    MANAGE_ML_ACCOUNTS = "MANAGE_ML_ACCOUNTS"
    START_SYNC = "START_SYNC"
    ANSWER_BUYERS = "ANSWER_BUYERS"
    READ_TENANT = "READ_TENANT"
    MANAGE_TENANT = "MANAGE_TENANT"
    READ_USERS = "READ_USERS"
    MANAGE_USERS = "MANAGE_USERS"
    READ_AUDIT = "READ_AUDIT"
    EXPORT_TENANT = "EXPORT_TENANT"
    MANAGE_API_KEYS = "MANAGE_API_KEYS"
    READ_CUSTOMERS = "READ_CUSTOMERS"
    MANAGE_CUSTOMERS = "MANAGE_CUSTOMERS"
    READ_PLATFORM = "READ_PLATFORM"
    MANAGE_PLATFORM = "MANAGE_PLATFORM"


_LOOK = frozenset({Permission.READ_SALES, Permission.READ_ML_ACCOUNTS, Permission.READ_TENANT})
_RUN = _LOOK | {
    Permission.MANAGE_ML_ACCOUNTS,
    Permission.START_SYNC,
    Permission.ANSWER_BUYERS,
    Permission.MANAGE_TENANT,
    Permission.READ_USERS,
    Permission.MANAGE_USERS,
    Permission.READ_AUDIT,
    Permission.EXPORT_TENANT,
    Permission.MANAGE_API_KEYS,
}

# An OWNER differs from an ADMIN by whom they may manage, not by what: identity.service keeps OWNERs out of an ADMIN's reach.
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: _RUN,
    Role.ADMIN: _RUN,
    Role.AGENT: _LOOK | {Permission.START_SYNC, Permission.ANSWER_BUYERS},
    Role.VIEWER: _LOOK,
}
_CUSTOMERS = frozenset({Permission.READ_CUSTOMERS, Permission.MANAGE_CUSTOMERS})
PLATFORM_PERMISSIONS: dict[PlatformRole, frozenset[Permission]] = {
    PlatformRole.MASTER: _CUSTOMERS | {Permission.READ_PLATFORM, Permission.MANAGE_PLATFORM},
    PlatformRole.SUPPORT: frozenset({Permission.READ_CUSTOMERS, Permission.READ_PLATFORM}),
    PlatformRole.PARTNER: _CUSTOMERS,  # which customers these are, the database decides: a partner's own sub-tenants
}


def permissions_of(caller: Caller) -> frozenset[Permission]:
    """What the caller's tenant role and platform role allow together; of that, for an API key, only its scopes."""
    if caller.key_id:
        return ROLE_PERMISSIONS[Role(caller.role)].intersection(caller.scopes.split())
    platform = PLATFORM_PERMISSIONS[PlatformRole(caller.platform_role)] if caller.platform_role else frozenset()
    return ROLE_PERMISSIONS[Role(caller.role)] | platform


def current_tenant() -> UUID:
    """The tenant that the caller's signed token names; raises Unauthenticated on an open route."""
    return current_caller().tenant_id


def permitted(permission: Permission) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Lets a route run only for callers who hold `permission`: 401 without a caller, 403 without the permission.

    Goes under the resolver's route decorator; the route keeps its signature, so validation and OpenAPI see through it.
    """

    def decorate(route: Callable[P, T]) -> Callable[P, T]:
        @keeps_signature(route)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            caller = current_caller()
            if permission not in permissions_of(caller):
                raise Forbidden
            if caller.visiting:
                write_down_visit(caller, permission)
            return route(*args, **kwargs)

        return _marked(guarded, permission)

    return decorate


def write_down_visit(caller: Caller, permission: Permission) -> None:
    """Every request of an operator in someone's tenant is in that tenant's audit log, before anything is shown (K34)."""
    from painelml.audit import AuditEvent, record
    from painelml.core.db import tenant_session

    with tenant_session(caller.tenant_id) as session:
        details = {"action": "visit", "permission": permission.value, "platform_role": caller.platform_role}
        record(session, AuditEvent.PLATFORM_ACTION, actor=caller.user_id, details=details)


def authenticated(route: Callable[P, T]) -> Callable[P, T]:
    """Lets a route run for anyone whom the authorizer let in, whatever their role: 401 otherwise."""

    @keeps_signature(route)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        current_caller()
        return route(*args, **kwargs)

    return _marked(guarded, "AUTHENTICATED")


def in_person(route: Callable[P, T]) -> Callable[P, T]:
    """Lets a route run only for someone who logged in: 403 for an API key, whatever its scopes. Goes above the other guards."""

    @keeps_signature(route)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        if current_caller().key_id:
            raise KeyNotEnough
        return route(*args, **kwargs)

    return _marked(guarded, guard_of(route) or "AUTHENTICATED")


def guard_of(route: Callable[..., Any]) -> str | None:
    """The permission that stands before `route`, `AUTHENTICATED`, or None for an open one; for audits and documents."""
    return getattr(route, "guard", None)


def _marked(route: Callable[P, T], guard: str) -> Callable[P, T]:
    route.guard = guard  # type: ignore[attr-defined]
    return route
