"""The job that reads one resource again. Whoever hears of a change sends it; the sync worker does it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from painelml.core.config import config
from painelml.core.queues import Outgoing, send_all


class Refetch(BaseModel):
    """Read `resource` (such as `/orders/2000…`) with the account's token and apply it."""

    kind: Literal["refetch"] = "refetch"
    tenant_id: UUID
    account_id: UUID
    topic: str
    resource: str


def enqueue(jobs: Iterable[BaseModel], *, tenant_id: UUID, delay_seconds: int = 0) -> int:
    """Sends jobs of one tenant, which is their MessageGroupId, so that SQS shares its attention between tenants."""
    group = str(tenant_id)
    return send_all(config().require("queue_jobs"), (Outgoing(job.model_dump_json(), group, delay_seconds) for job in jobs))
