"""What can happen to one order: a payment, a cancellation, a refund, a parcel, a rating, a fraud warning."""

from collections.abc import Callable
from typing import Any

from .errors import ApiError, bad_request
from .gateway import Simulator
from .model import Order
from .order_document import CANCELLATIONS
from .parcels import give_parcel, move_parcel, parcel
from .seed import UNPAID
from .shipment_timeline import Shipment

ORDER_STATUSES = (*UNPAID, "partially_paid", "paid", "partially_refunded", "pending_cancel", "cancelled", "invalid")
PAYABLE = (*UNPAID, "partially_paid")
RATINGS = ("positive", "neutral", "negative")
GONE = ("shipped", "delivered", "not_delivered", "cancelled")

Values = dict[str, Any]


def positive(values: Values, name: str, default: int) -> int:
    """A positive whole number of a control body."""
    value = values.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise bad_request(f"{name} must be a positive whole number")
    return value


def announce_order(sim: Simulator, order: Order, after_ms: int = 0) -> list[str]:
    return sim.outbox.announce(order.seller_id, "orders_v2", f"/orders/{order.id}", after_ms)


def ship_later(sim: Simulator, order: Order) -> None:
    """The shipment comes as late as the switch says, and a second notification of the order with it."""

    def come() -> None:
        if order.status == "paid" and order.shipping_id is None:
            order.last_updated = order.date_last_updated = max(sim.world.clock.now_ms(), order.date_last_updated + 1)
            give_parcel(sim, order)
            announce_order(sim, order)

    sim.agenda.at(sim.world.clock.now_ms() + sim.world.chaos.shipment_after_ms, come)


def _require(condition: bool, order: Order, action: str) -> None:
    if not condition:
        raise ApiError(409, "invalid_transition", f"cannot {action} an order that is {order.status}")


def _pay(sim: Simulator, order: Order, _: Values, now: int) -> None:
    _require(order.status in PAYABLE, order, "pay")
    order.status, order.date_approved = "paid", now
    if sim.world.chaos.shipment_after_ms and order.shipping_id is None:
        ship_later(sim, order)


def _ask_cancel(_: Simulator, order: Order, __: Values, ___: int) -> None:
    _require(order.status == "paid", order, "ask to cancel")
    order.status = "pending_cancel"


def _cancel(sim: Simulator, order: Order, values: Values, _: int) -> None:
    """Paid or not; with the account-money refund a paid order stays paid and becomes unfulfilled."""
    _require(order.status != "cancelled" and not order.money_returned, order, "cancel")
    by = values.get("by", "buyer" if order.date_approved else "unpaid")
    if by not in CANCELLATIONS:
        raise bad_request(f"by must be one of {', '.join(CANCELLATIONS)}")
    found = _parcel(sim, order)
    order.cancelled_by, order.refunded = by, order.paid
    if sim.world.chaos.account_money_refunds and order.date_approved is not None:
        order.status, order.money_returned = "paid", True
    else:
        order.status = "cancelled"
    _stop(sim, found)


def _refund(_: Simulator, order: Order, values: Values, __: int) -> None:
    _require(order.status in ("paid", "partially_refunded") and not order.money_returned, order, "refund")
    amount = positive(values, "amount_cents", max(order.total // 3, 1))
    _require(order.refunded + amount < order.total, order, "refund so much of")
    order.status, order.refunded = "partially_refunded", order.refunded + amount


def _deliver(sim: Simulator, order: Order, _: Values, __: int) -> None:
    found = _parcel(sim, order)
    order.delivered = True
    if found is not None and found.current(sim.world.clock.now_ms())[1] != "delivered":
        move_parcel(sim, found, "delivered", None)


def _fraud(_: Simulator, order: Order, __: Values, ___: int) -> None:
    if "fraud_risk_detected" not in order.extra_tags:
        order.extra_tags.append("fraud_risk_detected")


def _ship(sim: Simulator, order: Order, _: Values, __: int) -> None:
    if order.shipping_id is None:
        give_parcel(sim, order)


def _feedback(sim: Simulator, order: Order, values: Values, now: int) -> None:
    """`by`: `buyer` or `seller`; `rating`, `message` and `fulfilled` as the feedback prints them."""
    side, rating = values.get("by", "buyer"), values.get("rating", "positive")
    if side not in ("buyer", "seller") or rating not in RATINGS:
        raise bad_request(f"by must be buyer or seller, rating one of {', '.join(RATINGS)}")
    order.feedback[side] = {
        "rating": rating,
        "message": str(values.get("message", "")),
        "fulfilled": bool(values.get("fulfilled", True)),
        "date": now,
    }
    sim.outbox.announce(order.seller_id, sim.world.chaos.orders_feedback_topic, f"/orders/{order.id}/feedback")


def _change(sim: Simulator, order: Order, values: Values, now: int) -> None:
    """Set fields by hand, for states that no action reaches."""
    status = values.get("status", order.status)
    if status not in ORDER_STATUSES:
        raise bad_request(f"status must be one of {', '.join(ORDER_STATUSES)}")
    quantity = positive(values, "quantity", order.quantity)
    unit_price = positive(values, "unit_price_cents", order.unit_price)
    tags = values.get("tags", order.extra_tags)
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise bad_request("tags must be a list of words")
    found = _parcel(sim, order)
    if status in ("paid", "partially_refunded") and order.date_approved is None:
        order.date_approved = now
    if status == "cancelled" and order.cancelled_by is None:
        order.cancelled_by, order.refunded = "buyer", order.paid
    order.status, order.quantity, order.unit_price, order.extra_tags = status, quantity, unit_price, tags
    order.full_unit_price = max(order.full_unit_price, unit_price)
    _stop(sim, found)


def _touch(_: Simulator, __: Order, ___: Values, ____: int) -> None:
    """An internal write: nothing to see."""


def _parcel(sim: Simulator, order: Order) -> Shipment | None:
    """The order's parcel, planned from what the order was before it changed."""
    return parcel(sim.world, order.shipping_id) if order.shipping_id is not None else None


def _stop(sim: Simulator, found: Shipment | None) -> None:
    """A parcel that has not left goes no further once all its orders are cancelled."""
    if found is None or found.current(sim.world.clock.now_ms())[1] in GONE:
        return
    orders = [sim.world.orders[order_id] for order_id in found.order_ids]
    if all(one.status == "cancelled" or one.money_returned for one in orders):
        move_parcel(sim, found, "cancelled", None)


ACTS: dict[str, Callable[[Simulator, Order, Values, int], None]] = {
    "pay": _pay,
    "ask_cancel": _ask_cancel,
    "cancel": _cancel,
    "refund": _refund,
    "deliver": _deliver,
    "fraud": _fraud,
    "ship": _ship,
    "feedback": _feedback,
    "change": _change,
    "touch": _touch,
}
