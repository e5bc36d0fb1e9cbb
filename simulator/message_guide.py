"""The action guide: the only way for a seller to open the conversation of a Mercado Envios sale, with caps."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .conversations import Sale, known_sale
from .errors import ApiError
from .gateway import Simulator, answer, authenticate, json_body
from .message_changes import SELLER_LIMIT, announce_message, write
from .messages import checked_text, message_document, post_sale_caller

CAP = 1
# By option: whether it is a template, with the words of the one template that it has.
OPTIONS: dict[str, str | None] = {
    "REQUEST_VARIANTS": "Olá! Para enviar a sua compra, precisamos que você escolha a variação do produto.",
    "REQUEST_BILLING_INFO": "Olá! Para emitir a nota fiscal, precisamos dos seus dados de faturamento.",
    "SEND_INVOICE_LINK": None,
    "DELIVERY_PROMISE": None,
    "OTHER": None,
}


class GuideError(ApiError):
    """The action guide's shape: `{cause: "…", error, message, status_code}`."""

    def __init__(self, status: int, error: str, message: str, cause: str = "") -> None:
        super().__init__(status, error, message)
        self.body = {"cause": cause or error, "error": error, "message": message, "status_code": status}


async def guide(sim: Simulator, request: Request) -> Response:
    """`GET /messages/action_guide/packs/{pack}`: the options that are open, with what is left of each."""
    sale = _sale(sim, request)
    options = [
        {
            "id": name,
            "enabled": True,
            "type": "template" if template else "free_text",
            "templates": [{"id": _template_id(name), "text": template}] if template else [],
            "char_limit": None if template else SELLER_LIMIT,
            "cap_available": _cap(sale, name),
        }
        for name, template in OPTIONS.items()
    ]
    return answer({"options": options})


async def caps(sim: Simulator, request: Request) -> Response:
    """`GET …/caps_available`: what is left of each option."""
    sale = _sale(sim, request)
    return answer([{"option_id": name, "cap_available": _cap(sale, name)} for name in OPTIONS])


async def option(sim: Simulator, request: Request) -> Response:
    """`POST …/option {"option_id", "template_id" | "text"}`: one message, once per option and sale."""
    sale = _sale(sim, request)
    token, body = authenticate(sim, request), await json_body(request)
    name, now = body.get("option_id"), sim.world.clock.now_ms()
    if name not in OPTIONS:
        raise GuideError(400, "bad_request", f"option_id must be one of {', '.join(OPTIONS)}", "invalid_option")
    text = _text(name, body)
    if sale.conversation.locked_until > now:
        raise GuideError(409, "conflict", "another message of this sale is being sent", "conversation_locked")
    if sale.buyer_wrote:
        raise GuideError(403, "forbidden", "the conversation is open: write plain messages", "conversation_open")
    if not _cap(sale, name):
        raise GuideError(403, "forbidden", "this option was used up for the sale", "cap_used")
    sale.conversation.options_used[name] = sale.conversation.options_used.get(name, 0) + 1
    sale.conversation.locked_until = now + sim.world.chaos.message_lock_ms
    sim.world.desk.save_conversation(sale.conversation)
    sent = write(sim.world, sale, "seller", text, now, client_id=token.client_id, option_id=name)
    announce_message(sim, sent)
    return answer(message_document(sale, sent), 201)


def _sale(sim: Simulator, request: Request) -> Sale:
    token = post_sale_caller(sim, request)
    sale = known_sale(sim, request.path_params["pack_id"], token.user_id)
    if sale.conversation.buyer_account_closed:
        raise GuideError(451, "unavailable_for_legal_reasons", "the buyer's account was closed", "buyer_account_closed")
    if sale.is_free:
        raise GuideError(400, "bad_request", "this sale goes by plain messages", "blocked_by_excepted_case")
    return sale


def _text(name: str, body: dict[str, Any]) -> str:
    template = OPTIONS[name]
    if template is None:
        return checked_text(body.get("text"))
    if body.get("template_id") != _template_id(name):
        raise GuideError(400, "bad_request", f"{name} needs template_id {_template_id(name)}", "invalid_template")
    return template


def _template_id(name: str) -> str:
    return f"TEMPLATE___{name}___1"


def _cap(sale: Sale, name: str) -> int:
    return max(CAP - sale.conversation.options_used.get(name, 0), 0)
