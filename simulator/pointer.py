"""The body of a notification: a pointer to a resource, in the documented shape or as the switches bend it."""

from typing import Any

from .chaos import Chaos
from .clock import utc_text
from .model import Application, Notification

# The documentation's own samples of these topics misspell `received`.
MISSPELT = ("public_offers", "public_candidates", "catalog_item_competition_status", "catalog_suggestions")
LEAD_MS = 50


def pointer(chaos: Chaos, app: Application, notification: Notification) -> dict[str, Any]:
    """The general shape, or with `actions` the typified one, whose key is `id` and whose resource may be a bare id."""
    user_id = notification.user_id
    typified: dict[str, Any] = {"actions": notification.actions} if notification.actions else {}
    identity = {} if chaos.no_id else {"id" if chaos.plain_id or typified else "_id": notification.id}
    # As a rule a notification is sent after it was received for sending; some samples show the opposite.
    received = notification.sent_ms + LEAD_MS if chaos.sent_before_received else notification.received_ms
    return {
        **identity,
        "resource": _resource(chaos, notification.resource),
        "user_id": str(user_id) if chaos.string_user_id else user_id,
        "topic": notification.topic,
        **typified,
        "application_id": app.number,
        "attempts": notification.attempts,
        "sent": utc_text(notification.sent_ms),
        "recieved" if notification.topic in MISSPELT else "received": utc_text(received),
    }


def _resource(chaos: Chaos, resource: str) -> str:
    if "/" not in resource:
        return resource
    bare = resource.removeprefix("/")
    if chaos.bare_id and bare.count("/") == 1:
        return bare.partition("/")[2]
    return bare if chaos.missing_slash else f"/{bare}"
