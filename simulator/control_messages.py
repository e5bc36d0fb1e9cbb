"""The control API for messages: write and read as the buyer, moderate, and block a conversation."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .control_sales import known_seller
from .conversations import SUBSTATUSES, find_sale
from .errors import bad_request, not_found
from .gateway import Simulator, answer, json_body
from .message_changes import announce_message, buyer_writes, mark_read, moderate
from .messages import message_document
from .talk_model import Message


async def post_message(sim: Simulator, request: Request) -> Response:
    """`{seller_id, pack_id?, text?, announce?: false}`: the buyer writes."""
    body = await json_body(request)
    message = buyer_writes(sim, known_seller(sim, body.get("seller_id")), 1, body)[0]
    announced = announce_message(sim, message) if body.get("announce", True) else []
    return answer(_document(sim, message, announced), 201)


async def post_message_change(sim: Simulator, request: Request) -> Response:
    """`{"action": "read"}` as its receiver, or `{"action": "moderate", "reason": "…" | null}`."""
    message, body = sim.world.desk.messages.get(request.path_params["message_id"]), await json_body(request)
    if message is None:
        raise not_found("there is no such message")
    announced: list[str] = []
    if body.get("action") == "read":
        announced = mark_read(sim, [message])
    elif body.get("action") == "moderate":
        moderate(sim, message, body.get("reason"))
    else:
        raise bad_request("action must be read or moderate")
    return answer(_document(sim, message, announced))


async def post_conversation(sim: Simulator, request: Request) -> Response:
    """`{substatus: "blocked_by_…" | null, buyer_account_closed?}`: what the sale itself does not suggest."""
    sale, body = find_sale(sim.world, request.path_params["pack_id"]), await json_body(request)
    if sale is None:
        raise not_found("there is no such pack")
    substatus = body.get("substatus", sale.conversation.substatus)
    closed = body.get("buyer_account_closed", sale.conversation.buyer_account_closed)
    if substatus is not None and substatus not in SUBSTATUSES:
        raise bad_request(f"substatus must be null or one of {', '.join(SUBSTATUSES)}")
    if not isinstance(closed, bool):
        raise bad_request("buyer_account_closed must be true or false")
    sale.conversation.substatus, sale.conversation.buyer_account_closed = substatus, closed
    sale.conversation.substatus_date = sim.world.clock.now_ms()
    sim.world.desk.save_conversation(sale.conversation)
    return answer({"pack_id": sale.pack_id, "conversation_status": sale.status_document()})


def _document(sim: Simulator, message: Message, announced: list[str]) -> dict[str, Any]:
    sale = find_sale(sim.world, message.pack_id)
    shown = message_document(sale, message) if sale else None
    return {"message_id": message.id, "pack_id": message.pack_id, "announced": announced, "message": shown}
