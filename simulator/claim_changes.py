"""What happens to claims: opened, answered, escalated, resolved; each step leaves its trace in the histories."""

import random
from typing import Any

from .clock import DAY
from .errors import ApiError, bad_request, not_found
from .gateway import Simulator
from .model import Order
from .order_actions import announce_order
from .order_changes import change_order
from .phrases import CLAIM_MESSAGES
from .seed import dice
from .state import World
from .talk_model import Claim

TYPES = ("mediations", "return", "fulfillment", "ml_case", "cancel_sale", "cancel_purchase", "change", "service")
STAGES = ("claim", "dispute", "recontact", "none", "stale")
RESOURCES = ("order", "payment", "shipment", "purchase")
REASONS = ("PDD9939", "PDD9944", "PDD9549", "PNR3430", "PNR3351", "CS8531")
REPLY_TIME = 2 * DAY
BENEFITED = ("complainant", "respondent")


def new_claim(world: World, order: Order, moment: int, roll: random.Random, wish: dict[str, Any] | None = None) -> Claim:
    """An open claim on an order, not kept yet; `wish` may name `type`, `reason_id`, `quantity` and `text`."""
    wish = wish or {}
    reason, kind = wish.get("reason_id") or roll.choice(REASONS), wish.get("type", "mediations")
    quantity = wish.get("quantity", order.quantity)
    if kind not in TYPES or not str(reason).startswith(("PNR", "PDD", "CS")):
        raise bad_request(f"type must be one of {', '.join(TYPES)}, and reason_id begin with PNR, PDD or CS")
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not 1 <= quantity <= order.quantity:
        raise bad_request(f"quantity must be from 1 to {order.quantity}")
    resource = wish.get("resource", "order")
    by_shipment = resource == "shipment" and order.shipping_id is not None
    ids = {"order": order.id, "payment": order.payment_id, "shipment": order.shipping_id, "purchase": order.pack_id}
    if resource not in RESOURCES or ids[resource] is None:
        raise bad_request(f"resource must be one of {', '.join(RESOURCES)} that the order has")
    claim = Claim(
        id=world.next_number("claim"),
        seller_id=order.seller_id,
        buyer_id=order.buyer_id,
        order_id=order.id,
        pack_id=order.pack_id,
        resource=resource,
        resource_id=ids[resource] or order.id,
        status="opened",
        type=kind,
        stage="claim",
        reason_id=str(reason),
        fulfilled=order.delivered and not by_shipment,
        quantity_type="total" if quantity == order.quantity else "partial",
        claimed_quantity=quantity,
        date_created=moment,
        last_updated=moment,
        due_date=moment + REPLY_TIME,
        responsible="seller",
    )
    trace_status(claim, moment, "buyer")
    trace_action(claim, moment, "open_claim", "complainant")
    say(claim, "complainant", "respondent", str(wish.get("text") or roll.choice(CLAIM_MESSAGES)), moment)
    return claim


def open_claims(sim: Simulator, orders: list[Order], wish: dict[str, Any] | None = None) -> list[Claim]:
    """Buyers open claims now, unannounced; the orders get their tag."""
    world, now = sim.world, sim.world.clock.now_ms()
    claims = []
    for order in orders:
        if any(claim.status == "opened" for claim in world.desk.order_claims(order.id)):
            raise ApiError(409, "invalid_transition", f"order {order.id} has an open claim")
        claim = new_claim(world, order, now, dice(world.seed, "claim", order.id), wish)
        world.desk.save_claim(claim)
        world.hide(claim.id)
        tag_order(sim, claim, "claim_opened")
        claims.append(claim)
    return claims


def claimable(world: World, seller_id: int) -> list[Order]:
    """The seller's paid orders that no claim was ever opened on, newest first."""
    orders = [world.orders[order_id] for order_id in world.ledger(seller_id).ids()]
    found = [order for order in orders if order.date_approved and order.status == "paid"]
    return [order for order in reversed(found) if not world.desk.claims_on.get(order.id)]


def trace_status(claim: Claim, moment: int, by: str) -> None:
    claim.statuses.append({"stage": claim.stage, "status": claim.status, "date": moment, "change_by": by})


def trace_action(claim: Claim, moment: int, name: str, role: str) -> None:
    claim.actions.append({"action_name": name, "player_role": role, "date": moment, "claim_stage": claim.stage})


def say(claim: Claim, sender: str, receiver: str, text: str, moment: int) -> None:
    """Add to the claim's own conversation, which is not the one of the sale."""
    claim.messages.append(
        {"sender_role": sender, "receiver_role": receiver, "message": text, "stage": claim.stage, "date": moment}
    )


def tag_order(sim: Simulator, claim: Claim, tag: str) -> None:
    """Exchange the claim tags of the order and announce it: an open claim is a change of the sale."""
    order = sim.world.orders[claim.order_id]
    order.extra_tags = [one for one in order.extra_tags if one not in ("claim_opened", "claim_closed")] + [tag]
    change_order(sim, order.id, "change", {})
    announce_order(sim, order)


def moved(sim: Simulator, claim: Claim) -> int:
    """Move the update stamp forward, never back, and keep the claim; the new stamp."""
    claim.last_updated = max(sim.world.clock.now_ms(), claim.last_updated + 1)
    sim.world.desk.save_claim(claim)
    return claim.last_updated


def require_open(claim: Claim, doing: str) -> None:
    if claim.status != "opened":
        raise ApiError(400, "bad_request", f"cannot {doing}: the claim is closed")


def escalate(sim: Simulator, claim: Claim, by: str) -> None:
    """To mediation proper: from now on both sides talk to Mercado Livre only."""
    require_open(claim, "open a dispute")
    if claim.stage == "dispute":
        raise ApiError(400, "bad_request", "the claim is in dispute already")
    now = moved(sim, claim)
    claim.stage, claim.responsible, claim.due_date = "dispute", "mediator", now + REPLY_TIME
    claim.affects_reputation = "affected"
    trace_action(claim, now, "open_dispute", by)
    trace_status(claim, now, by)
    sim.world.desk.save_claim(claim)


def close(sim: Simulator, claim: Claim, *, reason: str, benefited: str, by: str, coverage: bool = False) -> None:
    """End the claim; a refund in favour of the buyer cancels the order."""
    require_open(claim, "close it")
    if benefited not in BENEFITED:
        raise bad_request(f"benefited must be one of {', '.join(BENEFITED)}")
    now = moved(sim, claim)
    claim.status, claim.responsible, claim.due_date = "closed", "none", None
    claim.resolution = {
        "reason": reason,
        "date_created": now,
        "benefited": [benefited],
        "closed_by": by,
        "applied_coverage": coverage,
    }
    if benefited == "respondent":
        claim.affects_reputation = "not_affected"
    trace_action(claim, now, "close_claim", by)
    trace_status(claim, now, by)
    sim.world.desk.save_claim(claim)
    order = sim.world.orders[claim.order_id]
    if benefited == "complainant" and order.status != "cancelled":
        change_order(sim, order.id, "cancel", {"by": "mediations"})
    tag_order(sim, claim, "claim_closed")


def expect(claim: Claim, role: str, resolution: str, moment: int, detail: dict[str, Any] | None = None) -> None:
    """Note what a side would settle for; what it wanted before is over."""
    for before in claim.expected:
        if before["status"] == "pending":
            before["status"] = "rejected"
    claim.expected.append(
        {"player_role": role, "expected_resolution": resolution, "date": moment, "status": "pending", "detail": detail}
    )


def settle(sim: Simulator, claim: Claim, accepted: bool) -> None:
    """The buyer's answer to what the seller offered last."""
    pending = next((one for one in claim.expected if one["status"] == "pending"), None)
    if pending is None:
        raise ApiError(409, "invalid_transition", "nothing was offered that could be accepted or rejected")
    pending["status"] = "accepted" if accepted else "rejected"
    now = moved(sim, claim)
    trace_action(claim, now, "accept_resolution" if accepted else "reject_resolution", "complainant")
    if accepted and pending["expected_resolution"] == "partial_refund":
        order = sim.world.orders[claim.order_id]
        amount = max(order.total * pending["detail"]["percentage"] // 100, 1)
        change_order(sim, order.id, "refund", {"amount_cents": amount})
        close(sim, claim, reason="partial_refunded", benefited="respondent", by="complainant")
    sim.world.desk.save_claim(claim)


def find_claim(world: World, claim_id: int) -> Claim:
    """The claim; 404 for one that does not exist or whose announcement ran ahead of it."""
    claim = world.desk.claims.get(claim_id)
    if claim is None or world.is_hidden(claim_id):
        raise not_found(f"claim {claim_id} not found")
    return claim


def announce_claim(sim: Simulator, claim: Claim, action: str = "claims", after_ms: int = 0) -> list[str]:
    """Typified on `post_purchase`; older applications have the topic `claims` and a resource without the new prefix."""
    if sim.world.chaos.claims_topic == "claims":
        return sim.outbox.announce(claim.seller_id, "claims", f"/v1/claims/{claim.id}", after_ms)
    resource = f"/post-purchase/v1/claims/{claim.id}"
    return sim.outbox.announce(claim.seller_id, "post_purchase", resource, after_ms, (action,))
