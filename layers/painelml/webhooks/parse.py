"""Reading Mercado Livre's notifications: tolerant where its own samples differ, strict where a forger could gain something."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from painelml.core.clock import now
from painelml.core.crypto import same
from painelml.core.queues import Message
from painelml.marketplace.resources import TOPICS, read_resource

BODY_LIMIT = 16 * 1024
EXCERPT_LIMIT = 400
TOPIC = re.compile(r"[\w .\-]{1,100}", re.ASCII)
NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
SHOWN = ("topic", "resource", "user_id", "application_id", "attempts")

Reason = Literal["too_large", "wrong_token", "malformed", "foreign_application", "bad_resource", "unknown_seller"]


@dataclass(frozen=True, slots=True)
class Notification:
    """A pointer to something that changed. `key` is the same for every delivery of one notification."""

    key: str
    seller_id: int
    topic: str
    resource: str
    attempts: int
    sent_at: datetime | None
    received_at: datetime

    @property
    def is_handled(self) -> bool:
        return self.topic in TOPICS


@dataclass(frozen=True, slots=True)
class Rejection:
    """A body that we do not act on, filed with its reason. `excerpt` has only known fields, nobody's data."""

    reason: Reason
    topic: str | None
    excerpt: str
    source_ip: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Expected:
    """What a genuine notification shows: the path's token and our application's number."""

    path_token: str
    application_id: int


def judge(message: Message, expected: Expected) -> Notification | Rejection:
    """A queued body, as the path without a function left it: whatever was posted, by whomever."""
    if len(message.body.encode(errors="surrogatepass")) > BODY_LIMIT:
        return reject(message, "too_large")
    if not same(message.attributes.get("path_token", ""), expected.path_token):
        return reject(message, "wrong_token")
    read = read_notification(_decoded(message), application_id=expected.application_id, received_at=_received_at(message))
    return read if isinstance(read, Notification) else reject(message, read)


def reject(message: Message, reason: Reason) -> Rejection:
    """The refusal of a message, to be filed."""
    body = _decoded(message) if reason != "too_large" else None
    known = body if isinstance(body, dict) else {}
    topic = known.get("topic")
    return Rejection(
        reason=reason,
        topic=topic if isinstance(topic, str) and TOPIC.fullmatch(topic) else None,
        excerpt=_excerpt(message.body, known),
        source_ip=message.attributes.get("source_ip"),
        received_at=_received_at(message),
    )


def read_notification(body: Any, *, application_id: int, received_at: datetime) -> Notification | Reason:
    """A notification from a decoded body (of a delivery or of missed_feeds), or why it is refused."""
    if not isinstance(body, dict):
        return "malformed"
    seller_id, topic, resource = _number(body.get("user_id")), body.get("topic"), body.get("resource")
    if seller_id is None or not isinstance(topic, str) or not TOPIC.fullmatch(topic) or not isinstance(resource, str):
        return "malformed"
    if _number(body.get("application_id")) != application_id:
        return "foreign_application"
    if topic in TOPICS:
        known = read_resource(topic, resource)
        if known is None:
            return "bad_resource"
        resource = known.path
    else:
        resource = re.sub(r"[^\x20-\x7e]", "?", resource)[:EXCERPT_LIMIT]
    return Notification(
        key=_key(body, seller_id, topic, resource),
        seller_id=seller_id,
        topic=topic,
        resource=resource,
        attempts=_number(body.get("attempts")) or 0,
        sent_at=_moment(body.get("sent")),
        received_at=received_at,
    )


def _decoded(message: Message) -> Any:
    """None for what is not JSON."""
    try:
        return json.loads(message.body)
    except (ValueError, RecursionError):
        return None


def _key(body: Mapping[str, Any], seller_id: int, topic: str, resource: str) -> str:
    """`_id` or `id`; where there is neither, what makes this notification another one than the one before."""
    for name in ("_id", "id"):
        value = body.get(name)
        if isinstance(value, str | int) and re.fullmatch(r"[\w\-]{1,100}", str(value), re.ASCII):
            return str(value)
    named = json.dumps([seller_id, topic, resource, str(body.get("sent"))])
    return "sha256-" + hashlib.sha256(named.encode()).hexdigest()


def _number(value: Any) -> int | None:
    """A number or a numeric string, since the samples have both."""
    if isinstance(value, bool) or not isinstance(value, int | str) or not NUMBER.fullmatch(str(value)):
        return None
    return int(value)


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def _received_at(message: Message) -> datetime:
    """When the gateway took it; the emulator does not say."""
    stamp = message.attributes.get("received_ms", "")
    return datetime.fromtimestamp(int(stamp) / 1000, tz=now().tzinfo) if re.fullmatch(r"[0-9]{13}", stamp) else now()


def _excerpt(text: str, known: Mapping[str, Any]) -> str:
    shown: dict[str, Any] = {name: str(known[name])[:60].encode("ascii", "replace").decode() for name in SHOWN if name in known}
    shown["length"] = len(text)
    shown["sha256"] = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
    return json.dumps(shown).replace("\\u0000", "?")[:500]
