"""Mercado Livre's notifications: judged, stored once, and forwarded as refetch jobs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from painelml.core.db import TenantSession, directory_session, tenant_session
from painelml.core.observability import log_tenant, logger
from painelml.core.queues import Batch, Message
from painelml.core.secrets import secret
from painelml.marketplace import jobs
from painelml.marketplace.accounts import routes
from painelml.marketplace.accounts.routes import Route
from painelml.marketplace.api.client import application_id
from painelml.marketplace.jobs import Refetch
from painelml.webhooks import queries
from painelml.webhooks.parse import Expected, Notification, Rejection, judge, reject

Named = tuple[UUID, Notification]


def work_through(batch: Batch) -> None:
    """One transaction for each tenant, many rows a statement. Every message is stored, filed as refused, or comes back."""
    told, refused = _sort(batch)
    for tenant_id, entries in told.items():
        log_tenant(tenant_id)
        with batch.attempt(*(message for message, _ in entries)), tenant_session(tenant_id) as session:
            accept(session, [named for _, named in entries])
    if refused:
        with batch.attempt(*(message for message, _ in refused)), directory_session() as directory:
            queries.file_rejections(directory, [rejection for _, rejection in refused])
        logger.warning("notifications refused", extra={"reasons": Counter(rejection.reason for _, rejection in refused)})


def accept(session: TenantSession, named: Sequence[Named]) -> int:
    """Stores `(account, notification)` pairs of one tenant, with a refetch for each resource among the new ones.

    Both are rows of one transaction, so that none is stored which nobody acts upon.
    """
    unique = {notification.key: (account_id, notification) for account_id, notification in named}
    fresh = queries.file_notifications(session, list(unique.values()))
    wanted = {
        (account_id, notification.topic, notification.resource)
        for key, (account_id, notification) in unique.items()
        if key in fresh and notification.is_handled
    }
    refetches = [
        Refetch(tenant_id=session.tenant_id, account_id=account_id, topic=topic, resource=resource)
        for account_id, topic, resource in sorted(wanted, key=str)
    ]
    logger.info(
        "notifications stored", extra={"stored": len(fresh), "repeated": len(unique) - len(fresh), "jobs": len(refetches)}
    )
    return jobs.refetch(session, refetches)


def _sort(batch: Batch) -> tuple[dict[UUID, list[tuple[Message, Named]]], list[tuple[Message, Rejection]]]:
    """What is told, by tenant, and what is refused. Both empty when nobody can be routed now: the batch is put off then."""
    told: dict[UUID, list[tuple[Message, Named]]] = defaultdict(list)
    refused: list[tuple[Message, Rejection]] = []
    with batch.attempt(*batch.messages):
        expected = Expected(secret("webhooks")["mercado_livre_token"], application_id())
        verdicts = [(message, judge(message, expected)) for message in batch]
        found = _routes(verdict.seller_id for _, verdict in verdicts if isinstance(verdict, Notification))
        for message, verdict in verdicts:
            if isinstance(verdict, Rejection):
                refused.append((message, verdict))
            elif route := found.get(verdict.seller_id):
                told[route.tenant_id].append((message, (route.account_id, verdict)))
            else:
                refused.append((message, reject(message, "unknown_seller")))
    return told, refused


def _routes(sellers: Iterable[int]) -> dict[int, Route]:
    known = sorted(set(sellers))
    if not known:
        return {}
    with directory_session() as directory:
        return routes.find(directory, known)
