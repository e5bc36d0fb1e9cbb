"""Orders: searching by hours, reading one and its parts, and the limits that integrators run into."""

import random
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import offset_text
from .errors import ApiError, bad_request, not_found
from .gateway import Simulator, answer, authenticate
from .model import Order
from .order_document import order_bytes, order_document
from .parcels import parcel
from .shipment_document import legacy_document

MISSING = ("buyer", "feedback", "mediations")


async def order(sim: Simulator, request: Request) -> Response:
    """`GET /orders/{id}`: 206 and `X-Content-Missing` when parts of it could not be gathered."""
    found = _asked(sim, request)
    if random.random() < sim.world.chaos.partial_orders:  # noqa: S311 - a fault rate, not a secret
        document = order_document(sim.world, found)
        for name in MISSING:
            del document[name]
        return answer(document, 206, {"X-Content-Missing": ", ".join(MISSING)})
    return Response(order_bytes(sim.world, found), media_type="application/json")


def _asked(sim: Simulator, request: Request) -> Order:
    token = authenticate(sim, request)
    text = request.path_params["order_id"]
    if not text.isdecimal():
        raise bad_request(f"{text} is not an order id", "invalid_order_id")
    return owned_order(sim, int(text), token.user_id)


def owned_order(sim: Simulator, order_id: int, user_id: int) -> Order:
    found = sim.world.orders.get(order_id)
    if found is None or sim.world.is_hidden(order_id):
        raise not_found(f"Order {order_id} not found", "order_not_found")
    if found.seller_id != user_id:
        raise ApiError(403, "not_owned_order", "the caller is not the seller of the order")
    return found


async def discounts(sim: Simulator, request: Request) -> Response:
    """`GET /orders/{id}/discounts`: 404 when there are none, or an empty list as the switch says."""
    found = _asked(sim, request)
    if not found.discount:
        if sim.world.chaos.discounts_404:
            raise not_found("the order has no discounts", "discounts_not_found")
        return answer({"order_id": found.id, "details": []})
    amounts = {"total": found.discount / 100, "seller": found.discount / 100}
    detail = {
        "type": "discount",
        "items": [{"id": found.item_id, "quantity": found.quantity, "amounts": amounts}],
        "supplier": {"meli_campaign": None, "offer_id": f"OFFER-{found.item_id}", "funding_mode": "sale_fee"},
    }
    return answer({"order_id": found.id, "details": [detail]})


async def product(sim: Simulator, request: Request) -> Response:
    found = _asked(sim, request)
    item = sim.world.items[found.item_id]
    return answer({"order_id": found.id, "item_id": item.id, "user_product_id": item.user_product_id, "title": item.title})


async def feedback(sim: Simulator, request: Request) -> Response:
    """`GET /orders/{id}/feedback`: `sale` is what the seller wrote, `purchase` what the buyer wrote."""
    found = _asked(sim, request)
    sides = {"sale": "seller", "purchase": "buyer"}
    return answer({name: _feedback(found, side) for name, side in sides.items()})


def _feedback(found: Order, side: str) -> dict[str, Any] | None:
    written = found.feedback.get(side)
    if written is None:
        return None
    author, receiver = (found.seller_id, found.buyer_id) if side == "seller" else (found.buyer_id, found.seller_id)
    return {
        "id": found.id % 10**12,
        "order_id": found.id,
        "role": side,
        "from": {"id": author},
        "to": {"id": receiver},
        "date_created": offset_text(written["date"]),
        "fulfilled": written["fulfilled"],
        "rating": written["rating"],
        "message": written["message"],
        "status": "active",
    }


async def shipments(sim: Simulator, request: Request) -> Response:
    """`GET /orders/{id}/shipments`: an array with `X-New-Domain: true`; 204 until the shipment exists."""
    found = _asked(sim, request)
    shipment = parcel(sim.world, found.shipping_id) if found.shipping_id is not None else None
    if shipment is None:
        return Response(status_code=204)
    if request.headers.get("x-new-domain", "").lower() != "true":
        return answer(legacy_document(sim.world, shipment))
    returning = shipment.current(sim.world.clock.now_ms())[1] == "not_delivered"
    back = [{"id": shipment.id, "type": "return_to_buyer"}] if returning else []
    return answer([*back, {"id": shipment.id, "type": "forward"}])


async def pack(sim: Simulator, request: Request) -> Response:
    """`GET /packs/{id}`: a cart; an order without a pack stands for its own, under the order's id."""
    token = authenticate(sim, request)
    world, pack_id = sim.world, request.path_params["pack_id"]
    order_ids = world.packs.get(pack_id)
    if order_ids is None:
        alone = world.orders.get(pack_id)
        if alone is None or alone.pack_id is not None:
            raise not_found(f"Pack {pack_id} not found", "pack_not_found")
        order_ids = [pack_id]
    orders = [owned_order(sim, order_id, token.user_id) for order_id in order_ids]
    return answer(_pack_document(pack_id, orders))


def _pack_document(pack_id: int, orders: list[Order]) -> dict[str, Any]:
    statuses = {order.status for order in orders}
    status = "cancelled" if statuses == {"cancelled"} else "pending_cancel" if "pending_cancel" in statuses else "released"
    return {
        "id": pack_id,
        "status": status,
        "status_detail": None,
        "shipment": {"id": orders[0].shipping_id},
        "orders": [{"id": order.id} for order in orders],
        "buyer": {"id": orders[0].buyer_id},
        "date_created": offset_text(min(order.date_created for order in orders)),
        "last_updated": offset_text(max(order.last_updated for order in orders)),
    }


ROUTES = (
    ("GET", "/orders/{order_id}", order),
    ("GET", "/orders/{order_id}/discounts", discounts),
    ("GET", "/orders/{order_id}/product", product),
    ("GET", "/orders/{order_id}/feedback", feedback),
    ("GET", "/orders/{order_id}/shipments", shipments),
    ("GET", "/packs/{pack_id:int}", pack),
)
