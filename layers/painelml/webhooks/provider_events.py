"""Events of our own payment provider, stored once. What they do to a subscription belongs to billing."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from painelml.core.db import directory_session
from painelml.core.observability import logger
from painelml.core.queues import Batch, Message
from painelml.core.text import storable
from painelml.webhooks import queries

STRIPE_TYPES = frozenset(
    {
        "checkout.session.completed",
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "invoice.paid",
        "invoice.payment_failed",
        "charge.refunded",
        "charge.dispute.created",
        "entitlements.active_entitlement_summary.updated",
    }
)


def work_through(batch: Batch) -> None:
    """Stores each event once; another delivery of it changes nothing."""
    for message in batch:
        with batch.attempt(message):
            _store(message)


def _store(message: Message) -> None:
    queued = message.json()
    body = base64.b64decode(queued["body_base64"])
    event = storable(json.loads(body), source=body)
    livemode = bool(event.get("livemode"))
    status = _status(event["type"], livemode=livemode, expected=bool(queued["livemode"]))
    with directory_session() as session:
        new = queries.file_provider_event(
            session,
            source=queued["source"],
            event_id=event["id"],
            event_type=event["type"],
            livemode=livemode,
            status=status,
            body=event,
            created_at=_created(event),
            received_at=datetime.fromisoformat(queued["received_at"]),
        )
    logger.info("provider event", extra={"event_id": event["id"], "type": event["type"], "status": status, "new": new})


def _status(event_type: str, *, livemode: bool, expected: bool) -> str:
    """`refused`: a test event in production, or the other way round, must never move a real subscription."""
    if livemode != expected:
        return "refused"
    return "received" if event_type in STRIPE_TYPES else "ignored"


def _created(event: dict[str, Any]) -> datetime | None:
    created = event.get("created")
    return datetime.fromtimestamp(created, tz=UTC) if isinstance(created, int) else None
