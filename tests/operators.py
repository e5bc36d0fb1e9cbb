"""The platform's own people, and what they do to tenants."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from lambdas.operations.handler import handler as operations
from painelml.tenancy.provisioning import Wish
from tests.http import Answer, call, gateway
from tests.people import PASSWORD, Person, log_in, tenant_of, unique_email


def platform_person(role: str = "MASTER", **more: Any) -> Person:
    """Someone new with `role`, logged in."""
    email = unique_email(role.lower())
    args = {"email": email, "name": f"Gente {role}", "password": PASSWORD, "platform_role": role, **more}
    operations({"verb": "create-platform-user", "args": args}, None)
    return log_in(email)


def ask(person: Person, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """A request of `person`; headers are written with underscores."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(gateway, method, path, body=body, token=person.access_token, headers=sent)


def set_status(master: Person, tenant: UUID, status: str) -> Answer:
    return ask(master, "PATCH", f"/admin/tenants/{tenant}", {"status": status})


def put_on(master: Person, owner: Person, *plans: str, **changes: Any) -> Answer:
    """Changes the subscription of the owner's tenant: its plans, where any are named, and what else is given."""
    body = {**({"plans": list(plans)} if plans else {}), **changes}
    return ask(master, "PATCH", f"/admin/tenants/{tenant_of(owner)}/subscription", body)


def open_by(person: Person, **more: Any) -> Answer:
    """A new tenant that `person` opens, with a first owner."""
    owner = {"name": "Primeira Dona", "email": unique_email("dona"), "password": PASSWORD}
    return ask(person, "POST", "/admin/tenants", {"name": "Sub", "email": unique_email("sub"), "owner": owner, **more})


def wish(**more: Any) -> Wish:
    """What a new tenant of the pool is asked for with."""
    email = unique_email("nova")
    return Wish(**{"name": "Nova", "email": email, "owner_name": "Dona", "owner_email": email, **more})
