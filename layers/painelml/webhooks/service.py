"""Mercado Livre's notifications: judged, stored once, and forwarded as refetch jobs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from uuid import UUID

from painelml.core.clock import now
from painelml.core.db import directory_session, tenant_session
from painelml.core.observability import log_tenant, logger
from painelml.core.queues import Batch, Message
from painelml.core.secrets import secret
from painelml.marketplace.accounts import routes
from painelml.marketplace.accounts.routes import Route
from painelml.marketplace.api.client import application_id
from painelml.webhooks import pulse, queries, refetch
from painelml.webhooks.models import Wanted
from painelml.webhooks.parse import Expected, Notification, Rejection, judge, reject

Named = tuple[UUID, Notification]


def work_through(batch: Batch) -> None:
    """One transaction for each tenant, many rows a statement. Every message is stored, filed as refused, or comes back."""
    told, refused = _sort(batch)
    for tenant_id, entries in told.items():
        log_tenant(tenant_id)
        with batch.attempt(*(message for message, _ in entries)):
            accept(tenant_id, [named for _, named in entries])
    if refused:
        with batch.attempt(*(message for message, _ in refused)), directory_session() as directory:
            queries.file_rejections(directory, [rejection for _, rejection in refused])
        logger.warning("notifications refused", extra={"reasons": Counter(rejection.reason for _, rejection in refused)})


def accept(tenant_id: UUID, named: Sequence[Named]) -> int:
    """Stores `(account, notification)` pairs of one tenant, and has each resource among the new ones read again, once.

    A resource that waits to be read, or is being read, gets no second job: its row says that it is wanted again.
    """
    unique = {notification.key: (account_id, notification) for account_id, notification in named}
    with tenant_session(tenant_id) as session:
        fresh = queries.file_notifications(session, list(unique.values()))
        wanted = {
            notification.resource: Wanted(notification.resource, account_id, notification.topic)
            for key, (account_id, notification) in unique.items()
            if key in fresh and notification.is_handled
        }
        asked = queries.ask_for(session, list(wanted.values()), moment=now()) if wanted else []
        sent = refetch.queue(session, asked)
    logger.info(
        "notifications stored",
        extra={"stored": len(fresh), "repeated": len(unique) - len(fresh), "jobs": sent, "coalesced": len(wanted) - sent},
    )
    return sent


def _sort(batch: Batch) -> tuple[dict[UUID, list[tuple[Message, Named]]], list[tuple[Message, Rejection]]]:
    """What is told, by tenant, and what is refused. Both empty when nobody can be routed now: the batch is put off then."""
    told: dict[UUID, list[tuple[Message, Named]]] = defaultdict(list)
    refused: list[tuple[Message, Rejection]] = []
    with batch.attempt(*batch.messages):
        expected = Expected(secret("webhooks")["mercado_livre_token"], application_id())
        verdicts = [(message, judge(message, expected)) for message in batch]
        found = _routes([verdict for _, verdict in verdicts if isinstance(verdict, Notification)])
        for message, verdict in verdicts:
            if isinstance(verdict, Rejection):
                refused.append((message, verdict))
            elif route := found.get(verdict.seller_id):
                told[route.tenant_id].append((message, (route.account_id, verdict)))
            else:
                refused.append((message, reject(message, "unknown_seller")))
    return told, refused


def _routes(heard: Sequence[Notification]) -> dict[int, Route]:
    if not heard:
        return {}
    with directory_session() as directory:
        pulse.hear(directory, (notification.topic for notification in heard))
        return routes.find(directory, sorted({notification.seller_id for notification in heard}))
