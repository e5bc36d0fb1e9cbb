"""What happens to orders after they exist: new ones, payments, cancellations, quiet internal touches."""

from typing import Any

from .clock import SECOND
from .errors import bad_request, not_found
from .fees import unit_fee
from .gateway import Simulator
from .item_state import item_changed, set_stock
from .model import Item, Order
from .order_actions import ACTS, positive, ship_later
from .parcels import expect_parcels
from .seed import UNPAID, dice, new_order
from .user_products import stock_sold

PAYMENT_ACTIONS = ("pay", "cancel", "refund")


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
        _apply_wish(order, world.items[order.item_id], wish)
        _join_pack(sim, order)
        if world.chaos.shipment_after_ms:
            order.shipping_id = None
        orders.append(order)
    world.add_orders(orders)
    if world.chaos.shipment_after_ms:
        for order in orders:
            ship_later(sim, order)
    expect_parcels(sim, orders)
    if world.chaos.read_after_notify_ms:
        for order in orders:
            world.hidden_until[order.id] = now + world.chaos.read_after_notify_ms
    return orders


def _apply_wish(order: Order, item: Item, wish: dict[str, Any]) -> None:
    order.quantity = positive(wish, "quantity", order.quantity)
    if "unit_price_cents" in wish:
        order.unit_price = order.full_unit_price = positive(wish, "unit_price_cents", order.unit_price)
        order.sale_fee = unit_fee(item, order.unit_price)
    if "pack_id" in wish:
        order.pack_id = wish["pack_id"]
    order.discount = wish.get("discount_cents", 0)
    status = wish.get("status", "paid")
    if status not in (*UNPAID, "paid"):
        raise bad_request(f"a new order is paid or one of {', '.join(UNPAID)}")
    order.status = status
    if status != "paid":
        order.date_approved = None
    # The shipment is created after the order and another notification follows.
    if status != "paid" or wish.get("shipment") is False:
        order.shipping_id = None


def _join_pack(sim: Simulator, order: Order) -> None:
    """An order that joins a pack is the same buyer's and travels in the same parcel."""
    mates = sim.world.packs.get(order.pack_id, []) if order.pack_id is not None else []
    if not mates:
        return
    mate = sim.world.orders[mates[0]]
    order.buyer_id = mate.buyer_id
    if order.shipping_id is not None and mate.shipping_id is not None:
        order.shipping_id = mate.shipping_id
        if (known := sim.world.shipments.get(mate.shipping_id)) is not None:
            known.order_ids.append(order.id)
            sim.world.save_shipment(known)


def take_stock(sim: Simulator, order: Order) -> None:
    """A sale lowers the item's stock, and the item is announced as well."""
    item: Item = sim.world.items[order.item_id]
    item.sold_quantity += order.quantity
    variation = next((one for one in item.variations if one.id == order.variation_id), None)
    if variation is not None:
        variation.sold_quantity += order.quantity
        variation.available_quantity = max(variation.available_quantity - order.quantity, 0)
        set_stock(item, sum(one.available_quantity for one in item.variations))
    else:
        set_stock(item, max(item.available_quantity - order.quantity, 0))
    stock_sold(sim, item)
    item_changed(sim, item)


def change_order(sim: Simulator, order_id: int, action: str, values: dict[str, Any]) -> Order:
    """Apply one action; every one but `touch` is a visible change. Both update fields move forward, never back."""
    order = sim.world.orders.get(order_id)
    if order is None:
        raise not_found(f"Order {order_id} not found", "order_not_found")
    if action not in ACTS:
        raise bad_request(f"action must be one of {', '.join(ACTS)}")
    now = max(sim.world.clock.now_ms(), order.date_last_updated + 1)
    ACTS[action](sim, order, values, now)
    if action != "touch":
        # Printed without the internal write's delay, and always at or before it.
        order.last_updated = now
    order.date_last_updated = now
    sim.world.save_order(order)
    if action in PAYMENT_ACTIONS:
        sim.outbox.announce(order.seller_id, "payments", f"/collections/{order.payment_id}")
    return order


def spread(index: int, count: int, seconds: float) -> int:
    """When the `index`-th of `count` announcements goes out, if they are spread evenly over `seconds`."""
    return round(seconds * SECOND * index / count)
