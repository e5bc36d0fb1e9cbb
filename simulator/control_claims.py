"""The control API for claims: open one as the buyer, and move it and its return along."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from . import claim_changes as changes
from .claim_documents import claim_document
from .control_sales import known_seller
from .errors import bad_request, not_found
from .gateway import Simulator, answer, json_body
from .returns import STEPS, advance_return, open_return, return_document
from .talk_model import Claim

ACTIONS = ("escalate", "close", "message", "accept", "reject", "open_return", *STEPS, "touch")
SPEAKERS = ("complainant", "mediator")


async def post_claim(sim: Simulator, request: Request) -> Response:
    """`{order_id | seller_id, type?, reason_id?, resource?, quantity?, text?, announce?: false}`: the buyer complains."""
    body, world = await json_body(request), sim.world
    if "order_id" in body:
        order = world.orders.get(body["order_id"]) if isinstance(body["order_id"], int) else None
        if order is None:
            raise not_found("order_id must be an order")
        orders = [order]
    else:
        orders = changes.claimable(world, known_seller(sim, body.get("seller_id")))[:1]
        if not orders:
            raise bad_request("the seller has no paid order without a claim")
    claim = changes.open_claims(sim, orders, body)[0]
    announced = changes.announce_claim(sim, claim) if body.get("announce", True) else []
    return answer(_document(sim, claim, announced), 201)


async def post_claim_change(sim: Simulator, request: Request) -> Response:
    """`{"action": "escalate" | "close" | "return_shipped" | …}`, announced unless `announce` is false."""
    body, claim = await json_body(request), sim.world.desk.claims.get(request.path_params["claim_id"])
    if claim is None:
        raise not_found("there is no such claim")
    _act(sim, claim, str(body.get("action")), body)
    announced = changes.announce_claim(sim, claim) if body.get("announce", True) else []
    return answer(_document(sim, claim, announced))


def _act(sim: Simulator, claim: Claim, action: str, body: dict[str, Any]) -> None:
    if action == "escalate":
        changes.escalate(sim, claim, "complainant")
    elif action == "close":
        benefited, by = body.get("benefited", "respondent"), body.get("by", "mediator")
        coverage = bool(body.get("applied_coverage", False))
        reason = str(body.get("reason", "payment_refunded" if benefited == "complainant" else "respondent_wins"))
        changes.close(sim, claim, reason=reason, benefited=benefited, by=str(by), coverage=coverage)
    elif action == "message":
        speaker, text = body.get("from", "complainant"), body.get("text")
        if speaker not in SPEAKERS or not isinstance(text, str) or not text:
            raise bad_request(f"a message needs a text, and from is one of {', '.join(SPEAKERS)}")
        changes.require_open(claim, "write")
        claim.responsible = "seller"
        now = changes.moved(sim, claim)
        changes.say(claim, speaker, "respondent", text, now)
        changes.trace_action(claim, now, "send_message_to_respondent", speaker)
    elif action in ("accept", "reject"):
        changes.settle(sim, claim, action == "accept")
    elif action == "open_return":
        if claim.id in sim.world.desk.returns:
            raise bad_request("the claim has a return already")
        open_return(sim.world, claim)
    elif action in STEPS:
        advance_return(sim.world, claim, action)
    elif action != "touch":
        raise bad_request(f"action must be one of {', '.join(ACTIONS)}")
    changes.moved(sim, claim)


def _document(sim: Simulator, claim: Claim, announced: list[str]) -> dict[str, Any]:
    found = sim.world.desk.returns.get(claim.id)
    shown = {"claim": claim_document(sim.world, claim), "return": return_document(found) if found else None}
    return {"claim_id": claim.id, "order_id": claim.order_id, "announced": announced, **shown}
