"""The control API for billing: charges that no sale explains, and bonuses, late ones above all."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .billing import SECTIONS
from .billing_documents import entry_document
from .billing_periods import period_of
from .books import GROUPS, SALE_CHARGE, Entry
from .control_sales import known_seller
from .errors import bad_request, not_found
from .gateway import Simulator, answer, json_body


async def post_charge(sim: Simulator, request: Request) -> Response:
    """`{seller_id, sub_type, amount_cents, group?, order_id?, section?}`: a charge now, on the open bill."""
    body, world = await json_body(request), sim.world
    seller_id, now = known_seller(sim, body.get("seller_id")), world.clock.now_ms()
    sub_type, group, section = body.get("sub_type"), body.get("group", "ML"), body.get("section")
    if not isinstance(sub_type, str) or not sub_type or sub_type == SALE_CHARGE:
        raise bad_request(f"sub_type is required, and {SALE_CHARGE} comes from sales alone")
    if group not in GROUPS or section not in (None, *SECTIONS):
        raise bad_request(f"group must be one of {', '.join(GROUPS)}, and section null or one of {', '.join(SECTIONS)}")
    order_id = body.get("order_id")
    if order_id is not None and (order_id not in world.orders or world.orders[order_id].seller_id != seller_id):
        raise not_found("order_id must be an order of the seller")
    world.books.of_seller(world, seller_id)
    entry = Entry(0, seller_id, period_of(now), group, "BILL", "CHARGE", sub_type, _cents(body), now, order_id, section=section)
    return answer(_document(sim, world.books.add(world, entry)), 201)


async def post_bonus(sim: Simulator, request: Request) -> Response:
    """`{seller_id, detail_id, amount_cents?}`: give a charge back, now: a credit note if its period is closed."""
    body, world = await json_body(request), sim.world
    seller_id = known_seller(sim, body.get("seller_id"))
    entries = world.books.of_seller(world, seller_id)
    charge = next((one for one in entries if one.id == body.get("detail_id") and one.detail_type == "CHARGE"), None)
    if charge is None:
        raise not_found("detail_id must be a charge of the seller")
    left = world.books.left_of(charge)
    amount = _cents({"amount_cents": left} | body)
    if amount > left:
        raise bad_request(f"only {left} cents of the charge are left")
    return answer(_document(sim, world.books.give_back(world, charge, amount, world.clock.now_ms())), 201)


def _cents(body: dict[str, Any]) -> int:
    value = body.get("amount_cents")
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise bad_request("amount_cents must be a positive whole number")
    return value


def _document(sim: Simulator, entry: Entry) -> dict[str, Any]:
    place = {"detail_id": entry.id, "period": entry.period, "group": entry.group, "document_type": entry.stream}
    return place | {"detail": entry_document(sim.world, entry)}
