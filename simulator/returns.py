"""Returns: the way back of a claimed product. Quantities are strings, and there is one only where a claim names it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .claims import own_claim
from .clock import offset_text
from .errors import ApiError, bad_request, not_found
from .gateway import Simulator, answer
from .state import World
from .talk_model import Claim, Return

# By action of the control API: the states it may follow, the state it leads to, and what the money does.
STEPS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "return_label": (("opened",), "label_generated", "retained"),
    "return_shipped": (("opened", "label_generated"), "shipped", "retained"),
    "return_delivered": (("shipped",), "delivered", "retained"),
    "return_failed": (("opened", "label_generated", "shipped"), "failed", "available"),
    "return_expired": (("opened", "label_generated"), "expired", "available"),
    "return_closed": (("delivered",), "closed", "refunded"),
}
ENDS = ("failed", "expired", "closed")
SHIPMENT_STATES = {"opened": "pending", "label_generated": "ready_to_ship", "failed": "not_delivered", "expired": "cancelled"}


def open_return(world: World, claim: Claim, moment: int | None = None) -> Return:
    """Start the return of a claim."""
    order = world.orders[claim.order_id]
    now = moment if moment is not None else world.clock.now_ms()
    found = Return(
        id=world.next_number("return"),
        claim_id=claim.id,
        seller_id=claim.seller_id,
        order_id=order.id,
        item_id=order.item_id,
        total_quantity=order.quantity,
        return_quantity=claim.claimed_quantity,
        status="opened",
        status_money="retained",
        subtype="return_total" if claim.quantity_type == "total" else "return_partial",
        shipment_id=world.next_number("shipment"),
        date_created=now,
        last_updated=now,
    )
    world.desk.save_return(found)
    return found


def advance_return(world: World, claim: Claim, action: str) -> Return:
    """One step of the way back; 409 where it cannot come now."""
    found = world.desk.returns.get(claim.id)
    if action not in STEPS:
        raise bad_request(f"action must be one of {', '.join(STEPS)}")
    before, after, money = STEPS[action]
    if found is None or found.status not in before:
        state = found.status if found else "not there"
        raise ApiError(409, "invalid_transition", f"cannot {action}: the return is {state}")
    found.status, found.status_money = after, money
    found.last_updated = max(world.clock.now_ms(), found.last_updated + 1)
    if after in ENDS:
        found.date_closed = found.last_updated
    world.desk.save_return(found)
    return found


async def claim_returns(sim: Simulator, request: Request) -> Response:
    """`GET /post-purchase/v2/claims/{id}/returns`: 404 where `related_entities` has no `return`."""
    claim = own_claim(sim, request)
    found = sim.world.desk.returns.get(claim.id)
    if found is None:
        raise not_found(f"claim {claim.id} has no return")
    return answer(return_document(found))


def return_document(found: Return) -> dict[str, Any]:
    shipment = {
        "shipment_id": found.shipment_id,
        "status": SHIPMENT_STATES.get(found.status, "delivered" if found.status == "closed" else found.status),
        "tracking_number": f"DV{found.shipment_id}BR" if found.status != "opened" else None,
        "type": "return",
        "destination": {"name": "seller_address"},
    }
    line = {
        "order_id": found.order_id,
        "item_id": found.item_id,
        "variation_id": None,
        "context_type": "total" if found.return_quantity == found.total_quantity else "partial",
        "total_quantity": f"{found.total_quantity:.1f}",
        "return_quantity": f"{found.return_quantity:.1f}",
    }
    return {
        "id": found.id,
        "claim_id": found.claim_id,
        "resource_type": "order",
        "resource_id": found.order_id,
        "status": found.status,
        "status_money": found.status_money,
        "subtype": found.subtype,
        "shipments": [shipment],
        "orders": [line],
        "refund_at": "delivered",
        "date_created": offset_text(found.date_created),
        "last_updated": offset_text(found.last_updated),
        "date_closed": offset_text(found.date_closed) if found.date_closed else None,
    }
