"""What really exists for a seller: what a mirror is compared with, record by record."""

from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import utc_text
from .errors import not_found
from .gateway import Simulator, answer
from .model import Item, Order
from .order_document import payment_state
from .parcels import parcel
from .payments import has_payment
from .shipment_timeline import Shipment
from .state import World
from .talk_truth import talk_truth


async def truth(sim: Simulator, request: Request) -> Response:
    """What really exists for a seller, whatever the API's limits and switches let an integrator see."""
    world, seller = sim.world, sim.world.sellers.get(request.path_params["user_id"])
    if seller is None:
        raise not_found("there is no such seller")
    with_ids = request.query_params.get("ids") in ("1", "true")
    items = world.seller_items(seller.id)
    orders = [world.orders[order_id] for order_id in world.ledger(seller.id).ids()]
    body: dict[str, Any] = {
        "user_id": seller.id,
        "nickname": seller.nickname,
        "site_id": seller.site_id,
        "items": {"total": len(items), "by_status": Counter(item.status for item in items)},
        "orders": _order_sums(orders),
        "packs": len({order.pack_id for order in orders if order.pack_id is not None}),
    }
    body |= goods_truth(world, orders, with_ids=with_ids) | talk_truth(world, seller.id, with_ids=with_ids)
    if with_ids:
        body["items"]["ids"] = [item.id for item in items]
        body["items"]["by_id"] = {item.id: item_truth(item) for item in items}
        body["orders"]["ids"] = sorted(order.id for order in orders)
        body["orders"]["by_id"] = {str(order.id): order_truth(order) for order in orders}
    return answer(body)


def _order_sums(orders: list[Order]) -> dict[str, Any]:
    by_status: dict[str, dict[str, int]] = {}
    for order in orders:
        sums = by_status.setdefault(order.status, {"count": 0, "total_amount_cents": 0, "paid_amount_cents": 0})
        sums["count"] += 1
        sums["total_amount_cents"] += order.total
        sums["paid_amount_cents"] += order.paid
    return {
        "total": len(orders),
        "total_amount_cents": sum(order.total for order in orders),
        "by_status": by_status,
    }


def goods_truth(world: World, orders: list[Order], *, with_ids: bool) -> dict[str, Any]:
    """Shipments and payments that exist; with ids also each one's state and update stamp."""
    now = world.clock.now_ms()
    shipping_ids = dict.fromkeys(order.shipping_id for order in orders if order.shipping_id is not None)
    shipments = [found for shipping_id in shipping_ids if (found := parcel(world, shipping_id)) is not None]
    paid = [order for order in orders if has_payment(order)]
    body: dict[str, Any] = {
        "shipments": {"total": len(shipments), "by_status": Counter(one.current(now)[1] for one in shipments)},
        "payments": {
            "total": len(paid),
            "by_status": Counter(payment_state(order)[0] for order in paid),
            "amount_cents": sum(order.total for order in paid),
            "refunded_cents": sum(order.refunded for order in paid),
        },
    }
    if not with_ids:
        return body
    body["shipments"]["by_id"] = {str(one.id): _parcel_truth(one, now) for one in shipments}
    body["payments"]["by_id"] = {
        str(order.payment_id): {
            "status": payment_state(order)[0],
            "order_id": order.id,
            "amount_cents": order.total,
            "refunded_cents": order.refunded,
            "last_modified": utc_text(order.last_updated),
        }
        for order in paid
    }
    return body


def _parcel_truth(shipment: Shipment, now: int) -> dict[str, Any]:
    moment, status, substatus = shipment.current(now)
    return {
        "status": status,
        "substatus": substatus,
        "order_ids": shipment.order_ids,
        "logistic_type": shipment.logistic_type,
        "seller_cost_cents": shipment.seller_cost,
        "last_updated": utc_text(moment),
    }


def item_truth(item: Item) -> dict[str, Any]:
    return {
        "status": item.status,
        "price_cents": item.price,
        "available_quantity": item.available_quantity,
        "variations": len(item.variations),
        "last_updated": utc_text(item.last_updated),
    }


def order_truth(order: Order) -> dict[str, Any]:
    return {
        "status": order.status,
        "total_amount_cents": order.total,
        "paid_amount_cents": order.paid,
        "item_id": order.item_id,
        "pack_id": order.pack_id,
        "shipping_id": order.shipping_id,
        "payment_id": order.payment_id if has_payment(order) else None,
        "date_closed": utc_text(order.date_closed),
        "date_last_updated": utc_text(order.date_last_updated),
    }


ROUTES = (("GET", "/_sim/sellers/{user_id:int}/truth", truth),)
