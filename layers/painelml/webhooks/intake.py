"""The door of signed sources: cap, verify over the raw bytes, queue, answer. It stays up without database and cache."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from painelml.core.clock import now, rfc3339
from painelml.core.config import ConfigurationError, config
from painelml.core.errors import BodyTooLarge, InvalidRequest, MalformedJson, ServiceUnavailable
from painelml.core.http import header
from painelml.core.observability import logger
from painelml.core.queues import send
from painelml.core.secrets import secret
from painelml.webhooks.stripe_events import verify

STRIPE_LIMIT = 512 * 1024
SIGNATURE = "stripe-signature"


def take_stripe(event: Mapping[str, Any]) -> None:
    """Queues one Stripe event. Raises BodyTooLarge 413, SignatureMissing or MalformedJson 400, SignatureWrong 401,
    ServiceUnavailable 503 where no secret is set: an empty key would verify forgeries."""
    body = _raw_body(event)
    if len(body) > STRIPE_LIMIT:
        raise BodyTooLarge(limit_bytes=STRIPE_LIMIT)
    secrets, livemode = _stripe_settings()
    verify(body, header(event, SIGNATURE), secrets)
    _check_envelope(body)
    queued = {
        "source": "stripe",
        "body_base64": base64.b64encode(body).decode(),
        "headers": {SIGNATURE: header(event, SIGNATURE)},
        "livemode": livemode,
        "received_at": rfc3339(now()),
    }
    send(config().require("queue_payments"), json.dumps(queued))


def _raw_body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(text).encode(errors="surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise MalformedJson(errors=[{"field": "body", "message": "not base64"}]) from None


def _stripe_settings() -> tuple[list[str], bool]:
    try:
        held = secret("stripe")
    except ConfigurationError:
        logger.exception("stripe has no secret")
        raise ServiceUnavailable from None
    secrets = [text for text in held.get("webhook_secrets", ()) if text]
    if not secrets:
        raise ServiceUnavailable
    return secrets, bool(held.get("livemode"))


def _check_envelope(body: bytes) -> None:
    """What is signed and yet unreadable is worth an alarm: it means that the contract changed."""
    try:
        document = json.loads(body)
    except ValueError:
        logger.error("signed body is not JSON", extra={"source": "stripe"})
        raise MalformedJson(errors=[{"field": "body", "message": "not JSON"}]) from None
    if not isinstance(document, dict) or not all(isinstance(document.get(name), str) for name in ("id", "type")):
        logger.error("signed body is not an event", extra={"source": "stripe"})
        raise InvalidRequest(errors=[{"field": "body", "message": "an event has id and type"}])
