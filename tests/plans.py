"""A tenant against its plan: what it uses, its accounts, one more colleague."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from painelml.core.db import tenant_session
from tests.http import Answer, call, gateway
from tests.people import PASSWORD, Person, tenant_of, unique_email


def usage(owner: Person) -> dict[str, dict[str, Any]]:
    answer = call(gateway, "GET", "/tenant/usage", token=owner.access_token)
    assert answer.status == 200, answer.text
    return {use["entitlement"]: use for use in answer.json["uses"]}


def add_user(owner: Person, role: str = "AGENT") -> Answer:
    body = {"name": "Colega", "email": unique_email("colega"), "password": PASSWORD, "role": role}
    return call(gateway, "POST", "/users", body=body, token=owner.access_token)


def accounts(owner: Person) -> list[tuple[UUID, str]]:
    with tenant_session(tenant_of(owner)) as session:
        rows = session.rows("select id, status from app.ml_accounts where tenant_id = %(tenant_id)s order by connected_at, id")
    return [(row["id"], row["status"]) for row in rows]
