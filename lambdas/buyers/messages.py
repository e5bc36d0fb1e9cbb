"""Conversations after the sale, as they are in our tables. Reading them marks nothing as read at Mercado Livre."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from painelml.core.caller import current_caller
from painelml.core.db import tenant_session
from painelml.core.errors import InvalidRequest
from painelml.core.http import http_routes
from painelml.core.pages import Cursor, Limit
from painelml.identity.permissions import Permission, current_tenant, permitted
from painelml.marketplace.messages import service as messages
from painelml.marketplace.messages.models import Message, MessagePage
from painelml.marketplace.outgoing import service as outgoing
from painelml.marketplace.outgoing.models import NewMessage, OutgoingMessage

router = http_routes()

NUMBER = r"^[1-9][0-9]{0,17}$"
MessageId = Annotated[str, Path(pattern=r"^[0-9A-Za-z]{1,64}$", description="Mercado Livre's message id.")]
OfPack = Annotated[str | None, Query(pattern=NUMBER, description="The pack's conversation. This or order_id.")]
OfOrder = Annotated[str | None, Query(pattern=NUMBER, description="The conversation of this order. This or pack_id.")]


@router.get("/messages")
@permitted(Permission.READ_SALES)
def list_messages(limit: Limit = 50, cursor: Cursor = None, pack_id: OfPack = None, order_id: OfOrder = None) -> MessagePage:
    if (pack_id is None) == (order_id is None):
        raise InvalidRequest(errors=[{"field": "pack_id", "message": "give pack_id or order_id, one of them"}])
    with tenant_session(current_tenant()) as session:
        if order_id is not None:
            return messages.list_messages_of_order(session, int(order_id), limit=limit, cursor=cursor)
        return messages.list_messages(session, int(pack_id or 0), limit=limit, cursor=cursor)


@router.post("/messages", status_code=202)
@permitted(Permission.ANSWER_BUYERS)
def send_message(body: NewMessage) -> OutgoingMessage:
    return outgoing.queue_message(current_tenant(), body, user_id=current_caller().user_id)


@router.get("/messages/outgoing/<outgoing_id>")
@permitted(Permission.READ_SALES)
def read_outgoing(outgoing_id: UUID) -> OutgoingMessage:
    with tenant_session(current_tenant()) as session:
        return outgoing.find_outgoing(session, outgoing_id)


@router.get("/messages/<message_id>")
@permitted(Permission.READ_SALES)
def read_message(message_id: MessageId) -> Message:
    with tenant_session(current_tenant()) as session:
        return messages.find_message(session, message_id)
