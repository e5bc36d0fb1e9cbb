"""The job that reads one resource again. Whoever hears of a change sends it; the sync worker does it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from painelml.core import lanes
from painelml.core.db import TenantSession
from painelml.core.lanes import Job, Lane


class Refetch(BaseModel):
    """Read `resource` (such as `/orders/2000…`) with the account's token and apply it."""

    kind: Literal["refetch"] = "refetch"
    tenant_id: UUID
    account_id: UUID
    topic: str
    resource: str


def refetch(session: TenantSession, wanted: Iterable[Refetch]) -> int:
    """Asks in the caller's transaction for these to be read again; how many. What waits to be read already is read once."""
    return lanes.put(session, Lane.REFETCH, (Job(f"{job.account_id}{job.resource}", job.model_dump_json()) for job in wanted))
