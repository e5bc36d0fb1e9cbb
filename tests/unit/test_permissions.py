"""The permission table and its guards (K43)."""

from __future__ import annotations

import inspect
from uuid import uuid4

import pytest

from lambdas.auth.handler import app as auth
from lambdas.tenants.handler import app as tenants
from painelml.core.caller import Caller, calling
from painelml.core.errors import Forbidden, Unauthenticated
from painelml.core.pages import Limit
from painelml.identity.permissions import (
    PLATFORM_PERMISSIONS,
    ROLE_PERMISSIONS,
    Permission,
    PlatformRole,
    Role,
    authenticated,
    current_tenant,
    guard_of,
    permissions_of,
    permitted,
)

OPEN_ROUTES = {
    "POST /auth/register",
    "POST /auth/login",
    "POST /auth/refresh",
    "POST /auth/logout",
    "GET /.well-known/jwks.json",
}


def a_caller(role: str = "OWNER", platform_role: str = "") -> Caller:
    return Caller(tenant_id=uuid4(), user_id=uuid4(), session_id=uuid4(), role=role, platform_role=platform_role)


@permitted(Permission.MANAGE_USERS)
def route(limit: Limit, name: str = "x") -> str:
    """A route."""
    return f"{name}{limit}"


@pytest.mark.req("A012", "B046", "K43")
def test_every_role_has_its_line_in_the_table() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert set(PLATFORM_PERMISSIONS) == set(PlatformRole)
    assert set().union(*ROLE_PERMISSIONS.values(), *PLATFORM_PERMISSIONS.values()) == set(Permission)


@pytest.mark.req("A012", "K43")
def test_no_tenant_role_reaches_the_platform_and_no_platform_role_a_tenants_sales() -> None:
    customers = {Permission.READ_CUSTOMERS, Permission.MANAGE_CUSTOMERS}
    platform = {Permission.READ_PLATFORM, Permission.MANAGE_PLATFORM, *customers}
    assert all(not platform & allowed for allowed in ROLE_PERMISSIONS.values())
    own_log = {Permission.READ_AUDIT}  # our own tenant's
    assert all(allowed <= platform | own_log for allowed in PLATFORM_PERMISSIONS.values())
    assert PLATFORM_PERMISSIONS[PlatformRole.SUPPORT] == {Permission.READ_PLATFORM, Permission.READ_CUSTOMERS}
    assert PLATFORM_PERMISSIONS[PlatformRole.PARTNER] == customers


@pytest.mark.req("A048", "A049", "B013")
def test_the_guard_asks_who_and_then_whether() -> None:
    with pytest.raises(Unauthenticated):
        route(limit=1)
    with calling(a_caller("VIEWER")), pytest.raises(Forbidden):
        route(limit=1)
    with calling(a_caller("ADMIN")):
        assert route(limit=1, name="y") == "y1"


@pytest.mark.req("A049")
def test_the_current_tenant_is_the_callers() -> None:
    caller = a_caller()
    with calling(caller):
        assert current_tenant() == caller.tenant_id
    with pytest.raises(Unauthenticated):
        current_tenant()


def test_authenticated_asks_only_who() -> None:
    guarded = authenticated(lambda: "in")
    with pytest.raises(Unauthenticated):
        guarded()
    with calling(a_caller("VIEWER")):
        assert guarded() == "in"


def test_platform_and_tenant_permissions_add_up() -> None:
    both = permissions_of(a_caller("VIEWER", "MASTER"))
    assert both == ROLE_PERMISSIONS[Role.VIEWER] | PLATFORM_PERMISSIONS[PlatformRole.MASTER]


def test_a_guarded_route_keeps_name_signature_and_types() -> None:
    assert route.__name__ == "route"
    assert route.__doc__ == "A route."
    assert inspect.signature(route).parameters["limit"].annotation == Limit
    assert inspect.signature(route).return_annotation is str
    assert guard_of(route) == Permission.MANAGE_USERS


@pytest.mark.req("A048", "B013")
def test_every_route_is_guarded_or_named_as_open() -> None:
    open_routes = {
        f"{found.method} {found.openapi_path}"
        for app in (auth, tenants)
        for found in [*app._static_routes, *app._dynamic_routes]
        if guard_of(found.func) is None
    }
    assert open_routes == OPEN_ROUTES


def test_the_contract_shows_what_a_guarded_route_takes() -> None:
    paths = tenants.get_openapi_schema(title="t", version="1").paths or {}
    listed = paths["/users"].get
    assert listed is not None
    assert {getattr(parameter, "name", None) for parameter in listed.parameters or []} == {"limit", "cursor"}
