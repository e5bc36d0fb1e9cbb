"""Payments: the resource that the topic `payments` points to."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import DAY, offset_text
from .errors import forbidden, not_found
from .gateway import Simulator, answer, authenticate
from .model import Order
from .order_document import payment_method, payment_state
from .sites import currency_of
from .state import World


async def collection(sim: Simulator, request: Request) -> Response:
    """`GET /collections/{id}`: one payment, with the seller's token."""
    token, world = authenticate(sim, request), sim.world
    payment_id = request.path_params["payment_id"]
    order = world.orders.get(world.payments.get(payment_id, 0))
    if order is None or not has_payment(order) or world.is_hidden(order.id):
        raise not_found(f"Payment {payment_id} not found", "payment_not_found")
    if order.seller_id != token.user_id:
        raise forbidden("the caller is not the collector of the payment")
    return answer(payment_document(world, order))


def has_payment(order: Order) -> bool:
    return order.date_approved is not None or order.status == "payment_in_process"


def payment_document(world: World, order: Order) -> dict[str, Any]:
    status, detail = payment_state(order)
    item, approved = world.items[order.item_id], order.date_approved
    fee = order.sale_fee * order.quantity if approved else 0
    return {
        "id": order.payment_id,
        "site_id": item.site_id,
        "date_created": offset_text(order.date_created),
        "date_approved": offset_text(approved) if approved else None,
        "money_release_date": offset_text(approved + 14 * DAY) if approved else None,
        "last_modified": offset_text(order.last_updated),
        "payer": {"id": order.buyer_id},
        "collector": {"id": order.seller_id},
        "order_id": str(order.id),
        "external_reference": None,
        "merchant_order_id": order.pack_id,
        "reason": item.title,
        "currency_id": currency_of(item.site_id),
        "transaction_amount": order.total / 100,
        "total_paid_amount": order.paid / 100,
        "net_received_amount": (order.paid - fee - order.refunded) / 100 if approved else 0.0,
        "shipping_cost": 0.0,
        "coupon_amount": 0.0,
        "amount_refunded": order.refunded / 100,
        "marketplace_fee": fee / 100,
        "status": status,
        "status_detail": detail,
        "payment_type": order.payment_type,
        "payment_method_id": payment_method(order),
        "installments": order.installments,
        "operation_type": "regular_payment",
        "marketplace": "MELI",
    }


ROUTES = (("GET", "/collections/{payment_id:int}", collection),)
