"""Post-sale messages: reading a conversation (which marks it read), one message, what is unread, and writing."""

import unicodedata
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .attachments import take_attachments
from .clock import SECOND, utc_text
from .conversations import MessageError, Sale, find_sale, known_sale
from .errors import ApiError
from .gateway import Simulator, answer, authenticate, json_body, whole_number
from .message_changes import (
    BUYER_LIMIT,
    SELLER_LIMIT,
    announce_message,
    is_hidden_from_seller,
    mark_read,
    write,
)
from .model import AccessToken
from .talk_model import Message

PAGE = 10
UNREAD_LIMIT = 500
BLOCKED = "blocked_conversation_send_message_forbidden"


def post_sale_caller(sim: Simulator, request: Request) -> AccessToken:
    """The caller; every messages resource wants `tag=post_sale`."""
    token = authenticate(sim, request)
    if request.query_params.get("tag") != "post_sale":
        raise MessageError(400, "bad_request", "the parameter tag must be post_sale")
    return token


async def conversation(sim: Simulator, request: Request) -> Response:
    """`GET /messages/packs/{pack}/sellers/{seller}`, newest first: reading marks as read unless `mark_as_read=false`."""
    sale = _own_sale(sim, request)
    limit, offset = whole_number(request, "limit", PAGE), whole_number(request, "offset", 0)
    visible = [one for one in sale.thread if not is_hidden_from_seller(one) and not sim.world.is_hidden(int(one.id, 16))]
    if request.query_params.get("mark_as_read") != "false":
        mark_read(sim, [message for message in visible if message.sender == "buyer"])
    page = visible[::-1][offset : offset + limit]
    return answer(_envelope(sale, page, {"limit": limit, "offset": offset, "total": len(visible)}))


async def message(sim: Simulator, request: Request) -> Response:
    """`GET /messages/{id}`: in the conversation's envelope, or flat, as the switch says."""
    token = post_sale_caller(sim, request)
    found = sim.world.desk.messages.get(request.path_params["message_id"])
    if found is None or sim.world.is_hidden(int(found.id, 16)) or is_hidden_from_seller(found):
        raise MessageError(404, "not_found", "the message does not exist")
    sale = known_sale(sim, found.pack_id, token.user_id)
    if sim.world.chaos.message_detail == "flat":
        return answer(_flat(sale, found))
    return answer(_envelope(sale, [found], {"limit": PAGE, "offset": 0, "total": 1}))


async def post_message(sim: Simulator, request: Request) -> Response:
    """`POST` to the conversation: 350 characters, to the buyer or to the agent in between, while nothing blocks it."""
    sale = _own_sale(sim, request)
    token = authenticate(sim, request)
    try:
        body = await json_body(request)
    except ApiError as error:
        raise MessageError(400, "bad_request", "the body is not a JSON object") from error
    if sale.substatus() is not None:
        raise MessageError(403, "forbidden", BLOCKED)
    if (_user(body, "from"), _user(body, "to")) != (sale.seller_id, sale.counterpart_id):
        raise MessageError(400, "bad_request", "from must be the seller and to the counterpart of this conversation")
    text = checked_text(body.get("text"))
    attachments = take_attachments(sim, sale.seller_id, body.get("attachments") or [])
    sent = write(sim.world, sale, "seller", text, sim.world.clock.now_ms(), client_id=token.client_id)
    sent.attachments = [attachment.key for attachment in attachments]
    for attachment in attachments:
        attachment.message_id = sent.id
        sim.world.desk.save_attachment(attachment)
    announce_message(sim, sent)
    return answer(message_document(sale, sent), 201)


async def unread(sim: Simulator, request: Request) -> Response:
    """`GET /messages/unread?role=seller`: up to 500 conversations, without paging."""
    token = post_sale_caller(sim, request)
    if request.query_params.get("role") != "seller":
        raise MessageError(400, "bad_request", "the parameter role must be seller")
    waiting = Counter(
        message.pack_id
        for message in sim.world.desk.seller_messages(token.user_id)
        if message.sender == "buyer" and message.read is None and not is_hidden_from_seller(message)
    )
    sales = ((find_sale(sim.world, pack_id), count) for pack_id, count in list(waiting.items())[:UNREAD_LIMIT])
    results = [{"resource": sale.path, "count": count} for sale, count in sales if sale is not None]
    return answer({"user_id": token.user_id, "results": results})


def checked_text(text: Any) -> str:
    """A seller's text: not empty, at most 350 characters, of Latin-1 or pictures."""
    if not isinstance(text, str) or not text.strip():
        raise MessageError(400, "bad_request", "text is required")
    if len(text) > SELLER_LIMIT:
        raise MessageError(400, "bad_request", f"text must not exceed {SELLER_LIMIT} characters")
    if any(ord(sign) > 255 and unicodedata.category(sign) not in ("So", "Sk", "Mn", "Cf") for sign in text):
        raise MessageError(400, "bad_request", "text has characters outside of ISO-8859-1")
    return text


def _own_sale(sim: Simulator, request: Request) -> Sale:
    token, seller_id = post_sale_caller(sim, request), request.path_params["seller_id"]
    if seller_id != token.user_id:
        raise MessageError(403, "forbidden", "the caller is not the seller of this conversation")
    return known_sale(sim, request.path_params["pack_id"], seller_id)


def _user(body: dict[str, Any], side: str) -> int | None:
    """The id in `from` or `to`, as a number or as digits; the documentation prints both."""
    found = body.get(side)
    value = found.get("user_id") if isinstance(found, dict) else None
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) else None


def _envelope(sale: Sale, page: list[Message], paging: dict[str, int]) -> dict[str, Any]:
    return {
        "paging": paging,
        "conversation_status": sale.status_document(),
        "messages": [message_document(sale, one) for one in page],
        "seller_max_message_length": SELLER_LIMIT,
        "buyer_max_message_length": BUYER_LIMIT,
    }


def _dates(message: Message) -> dict[str, str | None]:
    created = utc_text(message.created)
    notified = utc_text(message.created + SECOND)
    read = utc_text(message.read) if message.read else None
    return {"received": created, "available": created, "notified": notified, "created": created, "read": read}


def _sides(sale: Sale, message: Message) -> tuple[int, int]:
    theirs = sale.counterpart_id
    return (sale.seller_id, theirs) if message.sender == "seller" else (theirs, sale.seller_id)


def message_document(sale: Sale, message: Message) -> dict[str, Any]:
    """One message of the envelope. Official pages disagree on some fields: the switch `message_variant` is the other side."""
    variant, world = sale.world.chaos.message_variant, sale.world
    sender, receiver = _sides(sale, message)
    app = world.apps.get(message.client_id or "")
    attachments = [_attachment_document(sale, key) for key in message.attachments]
    return {
        "id": message.id,
        "site_id": world.sellers[sale.seller_id].site_id,
        "client_id": app.number if app else None,
        "from": {"user_id": str(sender) if variant else sender},
        "to": {"user_id": str(receiver) if variant else receiver},
        "status": "AVAILABLE" if variant else "available",
        "subject": None,
        "text": message.text,
        "message_date": _dates(message),
        "message_moderation": {
            "status": message.moderation,
            "reason": message.moderation_reason,
            "by" if variant else "source": "online",
            "moderation_date": utc_text(message.created),
        },
        "message_attachments": attachments or None,
        "message_resources": [
            {"id": str(sale.pack_id), "name": "packs"},
            {"id": str(sale.seller_id), "name": "seller" if variant else "sellers"},
        ],
        "conversation_first_message": bool(sale.thread) and sale.thread[0].id == message.id,
    }


def _flat(sale: Sale, message: Message) -> dict[str, Any]:
    """The other documented shape of one message."""
    sender, receiver = _sides(sale, message)
    dates = _dates(message)
    return {
        "message_id": message.id,
        "date_received": dates["received"],
        "date": dates["created"],
        "date_available": dates["available"],
        "date_notified": dates["notified"],
        "date_read": dates["read"],
        "from": {"user_id": str(sender)},
        "to": [{"user_id": str(receiver)}],
        "subject": None,
        "text": {"plain": message.text},
        "attachments": [_attachment_document(sale, key) for key in message.attachments],
        "site_id": sale.world.sellers[sale.seller_id].site_id,
        "resource": "packs",
        "resource_id": str(sale.pack_id),
        "status": "available",
        "moderation": {"status": message.moderation, "reason": message.moderation_reason},
    }


def _attachment_document(sale: Sale, key: str) -> dict[str, Any]:
    attachment = sale.world.desk.attachments[key]
    return {
        "filename": key,
        "original_filename": attachment.filename,
        "type": attachment.media_type,
        "size": attachment.size,
        "status": "available",
        "date_created": utc_text(attachment.uploaded),
    }
