"""What a seller does about a claim through the API. Each needs its place among the available actions."""

from starlette.requests import Request
from starlette.responses import Response

from . import claim_changes as changes
from .claim_documents import available_actions, claim_document, expected_documents
from .claims import own_claim
from .errors import ApiError, bad_request
from .gateway import Simulator, answer, json_body
from .returns import open_return
from .talk_model import Claim

TEXT_LIMIT = 3_500
RECEIVERS = {"complainant": "send_message_to_complainant", "mediator": "send_message_to_mediator"}


def _allowed(sim: Simulator, request: Request, action: str) -> Claim:
    claim = own_claim(sim, request)
    if action not in {one["action"] for one in available_actions(claim)}:
        raise ApiError(400, "bad_request", f"the action {action} is not available for this claim", code="action_not_available")
    return claim


async def send_message(sim: Simulator, request: Request) -> Response:
    """`POST …/actions/send-message {"receiver_role", "message"}`: in a dispute only to the mediator."""
    body = await json_body(request)
    receiver, text = body.get("receiver_role"), body.get("message")
    if receiver not in RECEIVERS or not isinstance(text, str) or not 0 < len(text) <= TEXT_LIMIT:
        raise bad_request(
            f"receiver_role must be one of {', '.join(RECEIVERS)}, and message have up to {TEXT_LIMIT} characters"
        )
    claim = _allowed(sim, request, RECEIVERS[receiver])
    now = changes.moved(sim, claim)
    changes.say(claim, "respondent", receiver, text, now)
    changes.trace_action(claim, now, RECEIVERS[receiver], "respondent")
    claim.responsible = "buyer" if receiver == "complainant" else "mediator"
    return _done(sim, claim, {"execution_response": "message_sent"}, 201)


async def open_dispute(sim: Simulator, request: Request) -> Response:
    """`POST …/actions/open-dispute`: the seller asks Mercado Livre to decide."""
    claim = _allowed(sim, request, "open_dispute")
    changes.escalate(sim, claim, "respondent")
    return _done(sim, claim, claim_document(sim.world, claim))


async def refund(sim: Simulator, request: Request) -> Response:
    """`POST …/expected-resolutions/refund`: all the money back, and the claim is over."""
    claim = _allowed(sim, request, "refund")
    now = changes.moved(sim, claim)
    changes.expect(claim, "respondent", "refund", now)
    claim.expected[-1]["status"] = "accepted"
    changes.trace_action(claim, now, "refund", "respondent")
    changes.close(sim, claim, reason="payment_refunded", benefited="complainant", by="respondent")
    return _done(sim, claim, expected_documents(claim)[-1])


async def partial_refund(sim: Simulator, request: Request) -> Response:
    """`POST …/expected-resolutions/partial-refund {"percentage"}`: an offer that the buyer accepts or not."""
    body = await json_body(request)
    claim, percentage = _allowed(sim, request, "allow_partial_refund"), body.get("percentage")
    if isinstance(percentage, bool) or not isinstance(percentage, int) or not 1 <= percentage <= 99:
        raise bad_request("percentage must be a whole number from 1 to 99")
    return _offered(sim, claim, "partial_refund", {"percentage": percentage})


async def allow_return(sim: Simulator, request: Request) -> Response:
    """`POST …/expected-resolutions/allow-return`: the product comes back before the money goes."""
    claim = _allowed(sim, request, "allow_return")
    if claim.id in sim.world.desk.returns:
        raise ApiError(400, "bad_request", "this claim has a return already", code="action_not_available")
    open_return(sim.world, claim)
    return _offered(sim, claim, "return_product", None)


def _offered(sim: Simulator, claim: Claim, resolution: str, detail: dict[str, int] | None) -> Response:
    now = changes.moved(sim, claim)
    changes.expect(claim, "respondent", resolution, now, detail)
    changes.trace_action(claim, now, "allow_return" if resolution == "return_product" else "allow_partial_refund", "respondent")
    claim.responsible = "buyer"
    return _done(sim, claim, expected_documents(claim)[-1])


def _done(sim: Simulator, claim: Claim, body: object, status: int = 200) -> Response:
    sim.world.desk.save_claim(claim)
    changes.announce_claim(sim, claim, "claims_actions")
    return answer(body, status)
