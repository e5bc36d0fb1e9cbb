"""A tenant's audit log: as its people read it, and whether its chain holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from painelml.audit import service
from painelml.core.db import tenant_session
from tests.http import call, gateway
from tests.people import Person


def entries(person: Person, **query: str) -> list[dict[str, Any]]:
    answer = call(gateway, "GET", "/audit-log", caller=person.caller, query={"limit": "100", **query})
    assert answer.status == 200, answer.text
    found: list[dict[str, Any]] = answer.json["data"]
    return found


def holds(tenant_id: UUID) -> bool:
    with tenant_session(tenant_id) as session:
        return not service.verify(session).faults
