"""Working a batch of jobs: each on its own, refetches together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from lambdas.sync_worker.kinds import ACTS, JOBS, SYNC_JOBS
from painelml.core import metrics
from painelml.core.observability import log_tenant, logger
from painelml.core.queues import Batch, Message
from painelml.core.standing import Act, TenantClosed, acting
from painelml.privacy.service import is_erased
from painelml.webhooks import refetch


def work_through(batch: Batch, messages: Iterable[Message]) -> None:
    """Each on its own, but refetches together. A117: counts the sync jobs, by what came of them."""
    kinds = [(message, kind_of(message)) for message in messages]
    for message, kind in kinds:
        if kind != "refetch":
            log_tenant(message.group)
            with batch.attempt(message):
                _do(kind, message)
    with acting(Act.SYNC):
        refetch.work_through(batch, [message for message, kind in kinds if kind == "refetch"])
    for outcome, amount in Counter(batch.outcome(message) for message, kind in kinds if kind in SYNC_JOBS).items():
        metrics.count("SyncJobs", amount, outcome=outcome)


def kind_of(message: Message) -> str:
    """Empty for a body that is no job, which fails when it is done."""
    try:
        return str(message.json()["kind"])
    except (ValueError, TypeError, KeyError):
        return ""


def _do(kind: str, message: Message) -> None:
    """A tenant whose state does not allow it gets no work done; what it missed, its next scheduled sync finds."""
    tenant_id = message.json().get("tenant_id")  # a letter may be for someone who is not in a tenant yet
    if tenant_id and is_erased(UUID(tenant_id)):
        logger.info("work of an erased tenant refused", extra={"kind": kind})
        return
    try:
        with acting(ACTS.get(kind, Act.SYNC)):
            JOBS[kind](message)
    except TenantClosed as closed:
        logger.info("job not done", extra={"kind": kind, "reason": closed.code})
