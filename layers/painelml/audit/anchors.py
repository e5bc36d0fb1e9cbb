"""The heads of all chains, kept once a day outside the database: who can rewrite the database cannot rewrite these."""

from __future__ import annotations

import json
from collections.abc import Iterable
from uuid import UUID

from painelml.audit import queries
from painelml.core import objects
from painelml.core.clock import now
from painelml.core.db import tenant_session

PREFIX = "anchors/audit/"


def anchor(tenants: Iterable[UUID]) -> int:
    """Writes today's object: one line for each tenant that has a chain; how many there were."""
    lines: list[str] = []
    for tenant_id in tenants:
        with tenant_session(tenant_id) as session:
            head = queries.head(session)
        if head is not None:
            lines.append(json.dumps({"tenant_id": str(tenant_id), "sequence": head["sequence"], "hash": head["hash"].hex()}))
    name = f"{PREFIX}{now():%Y-%m-%dT%H%M%SZ}.jsonl"
    objects.put(name, "".join(f"{line}\n" for line in lines).encode(), content_type="application/x-ndjson")
    return len(lines)


def anchored() -> dict[UUID, dict[int, str]]:
    """Every hash that was ever anchored, by tenant and sequence number."""
    held: dict[UUID, dict[int, str]] = {}
    for key in objects.keys(PREFIX):
        for line in objects.get(key).decode().splitlines():
            told = json.loads(line)
            held.setdefault(UUID(told["tenant_id"]), {})[told["sequence"]] = told["hash"]
    return held
