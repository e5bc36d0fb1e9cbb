"""What happens to orders after they exist: new ones, payments, cancellations, quiet internal touches."""

from typing import Any

from .clock import SECOND
from .errors import ApiError, bad_request, not_found
from .gateway import Simulator
from .item_changes import item_changed, set_stock
from .model import Item, Order
from .order_document import CANCELLATIONS
from .seed import UNPAID, dice, new_order

ORDER_STATUSES = (*UNPAID, "partially_paid", "paid", "partially_refunded", "pending_cancel", "cancelled", "invalid")
PAYABLE = (*UNPAID, "partially_paid")
ACTIONS = ("pay", "cancel", "refund", "deliver", "fraud", "ship", "change", "touch")


def place_orders(sim: Simulator, seller_id: int, count: int, wish: dict[str, Any] | None = None) -> list[Order]:
    """Create orders now, without announcing them; `wish` names what should not be left to chance."""
    wish = wish or {}
    world = sim.world
    sellable = [item for item in world.seller_items(seller_id) if item.status == "active"]
    chosen = wish.get("item_id")
    if chosen is not None:
        sellable = [item for item in world.seller_items(seller_id) if item.id == chosen]
    if not sellable:
        raise bad_request("the seller has no such item to sell")
    first, now = world.next_number("order", count), world.clock.now_ms()
    roll = dice(world.seed, "sales", first)
    orders = []
    for index in range(count):
        order = new_order(world, roll.choice(sellable), first + index, now, roll)
        order.date_closed = order.last_updated = order.date_last_updated = order.date_approved = now
        _apply_wish(order, wish)
        orders.append(order)
    world.add_orders(orders)
    if world.chaos.read_after_notify_ms:
        for order in orders:
            world.hidden_until[order.id] = now + world.chaos.read_after_notify_ms
    return orders


def _apply_wish(order: Order, wish: dict[str, Any]) -> None:
    order.quantity = _positive(wish, "quantity", order.quantity)
    if "unit_price_cents" in wish:
        order.unit_price = order.full_unit_price = _positive(wish, "unit_price_cents", order.unit_price)
        order.sale_fee = round(order.unit_price * 0.12)
    if "pack_id" in wish:
        order.pack_id = wish["pack_id"]
    status = wish.get("status", "paid")
    if status not in (*UNPAID, "paid"):
        raise bad_request(f"a new order is paid or one of {', '.join(UNPAID)}")
    order.status = status
    if status != "paid":
        order.date_approved = None
    # The shipment is created after the order and another notification follows.
    if status != "paid" or wish.get("shipment") is False:
        order.shipping_id = None


def _positive(wish: dict[str, Any], name: str, default: int) -> int:
    value = wish.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise bad_request(f"{name} must be a positive whole number")
    return value


def take_stock(sim: Simulator, order: Order) -> None:
    """A sale lowers the item's stock, and the item is announced as well."""
    item: Item = sim.world.items[order.item_id]
    item.sold_quantity += order.quantity
    set_stock(item, max(item.available_quantity - order.quantity, 0))
    item_changed(sim, item)


def change_order(sim: Simulator, order_id: int, action: str, values: dict[str, Any]) -> Order:
    """Apply one action; every one but `touch` is a visible change. Both update fields move forward, never back."""
    order = sim.world.orders.get(order_id)
    if order is None:
        raise not_found(f"Order {order_id} not found", "order_not_found")
    if action not in ACTIONS:
        raise bad_request(f"action must be one of {', '.join(ACTIONS)}")
    now = max(sim.world.clock.now_ms(), order.date_last_updated + 1)
    _act(sim, order, action, values, now)
    if action != "touch":
        # Printed without the internal write's delay, and always at or before it.
        order.last_updated = now
    order.date_last_updated = now
    sim.world.save_order(order)
    return order


def _act(sim: Simulator, order: Order, action: str, values: dict[str, Any], now: int) -> None:
    if action == "pay":
        _require(order.status in PAYABLE, order, action)
        order.status, order.date_approved = "paid", now
    elif action == "cancel":
        _require(order.status != "cancelled", order, action)
        by = values.get("by", "buyer" if order.date_approved else "unpaid")
        if by not in CANCELLATIONS:
            raise bad_request(f"by must be one of {', '.join(CANCELLATIONS)}")
        order.status, order.cancelled_by, order.refunded = "cancelled", by, order.paid
    elif action == "refund":
        _require(order.status in ("paid", "partially_refunded"), order, action)
        amount = _positive(values, "amount_cents", max(order.total // 3, 1))
        _require(order.refunded + amount < order.total, order, "refund so much of")
        order.status, order.refunded = "partially_refunded", order.refunded + amount
    elif action == "deliver":
        order.delivered = True
    elif action == "fraud" and "fraud_risk_detected" not in order.extra_tags:
        order.extra_tags.append("fraud_risk_detected")
    elif action == "ship" and order.shipping_id is None:
        order.shipping_id = sim.world.next_number("shipment")
    elif action == "change":
        _change(order, values, now)


def _change(order: Order, values: dict[str, Any], now: int) -> None:
    """Set fields by hand, for states that no action reaches."""
    status = values.get("status", order.status)
    if status not in ORDER_STATUSES:
        raise bad_request(f"status must be one of {', '.join(ORDER_STATUSES)}")
    quantity = _positive(values, "quantity", order.quantity)
    unit_price = _positive(values, "unit_price_cents", order.unit_price)
    tags = values.get("tags", order.extra_tags)
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise bad_request("tags must be a list of words")
    if status in ("paid", "partially_refunded") and order.date_approved is None:
        order.date_approved = now
    if status == "cancelled" and order.cancelled_by is None:
        order.cancelled_by, order.refunded = "buyer", order.paid
    order.status, order.quantity, order.unit_price, order.extra_tags = status, quantity, unit_price, tags
    order.full_unit_price = max(order.full_unit_price, unit_price)


def _require(condition: bool, order: Order, action: str) -> None:
    if not condition:
        raise ApiError(409, "invalid_transition", f"cannot {action} an order that is {order.status}")


def announce_order(sim: Simulator, order: Order, after_ms: int = 0) -> list[str]:
    return sim.outbox.announce(order.seller_id, "orders_v2", f"/orders/{order.id}", after_ms)


def spread(index: int, count: int, seconds: float) -> int:
    """When the `index`-th of `count` announcements goes out, if they are spread evenly over `seconds`."""
    return round(seconds * SECOND * index / count)
