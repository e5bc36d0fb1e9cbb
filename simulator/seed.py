"""Sellers out of a seed: the same seed and the same requests give the same catalogue, prices, statuses and weekdays."""

import random
from datetime import UTC, datetime
from itertools import pairwise

from .catalog import BRANDS, FIRST_NAMES, LAST_NAMES, PRODUCTS, SHOP_NAMES, SHOP_WORDS
from .clock import DAY, HOUR, MINUTE, PRINTED_OFFSET, SECOND
from .fees import FREE_SHIPPING_FROM, unit_fee
from .model import Item, Order, Seller
from .state import World
from .variety import Variety, vary

# Selling hours of a day, and the pull of each weekday from Monday: evenings sell, Sundays rest.
HOUR_WEIGHTS = (3, 1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 11, 12, 12, 12, 11, 11, 13, 15, 15, 11, 6)
WEEKDAY_WEIGHTS = (1.15, 1.1, 1.1, 1.05, 1.0, 0.85, 0.75)
STATUSES = ("paid", "cancelled", "partially_refunded", "pending_cancel")
STATUS_WEIGHTS = (89, 8, 2, 1)
UNPAID = ("payment_required", "payment_in_process", "confirmed")
PAYMENT_TYPES = ("credit_card", "bank_transfer", "account_money", "ticket")
PAYMENT_WEIGHTS = (52, 30, 15, 3)


def dice(*parts: object) -> random.Random:
    """A generator for one purpose: drawing more for one thing never shifts another."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - reproducible data, not a secret


def create_seller(
    world: World,
    *,
    nickname: str | None = None,
    site_id: str = "MLB",
    items: int = 0,
    orders: int = 0,
    days: int = 90,
    operator_of: int | None = None,
    variety: Variety | None = None,
) -> Seller:
    """Make a seller with a catalogue and, over the last `days`, orders; nothing of it is announced."""
    index = world.next_number("seller")
    roll = dice(world.seed, "seller", index)
    seller = Seller(
        id=world.next_number("user", roll.randrange(1_000, 90_000)),
        nickname=nickname or f"{roll.choice(SHOP_WORDS)}.{roll.choice(SHOP_NAMES)}{index + 1:02d}",
        site_id=site_id,
        first_name=roll.choice(FIRST_NAMES),
        last_name=roll.choice(LAST_NAMES),
        date_created=_this_hour(world) - (400 + roll.randrange(2_000)) * DAY,
        operator_of=operator_of,
        tags=list(variety.tags) if variety else [],
    )
    world.save_seller(seller)
    catalogue = _items(world, seller, items, dice(world.seed, "items", index))
    if variety is not None:
        vary(world, catalogue, variety, dice(world.seed, "variety", index))
    world.add_items(catalogue)
    if orders:
        world.add_orders(_orders(world, seller, orders, days, dice(world.seed, "orders", index)))
    world.settle()
    return seller


def _this_hour(world: World) -> int:
    """Now without minutes: what is made within the same hour is the same to the millisecond."""
    return world.clock.now_ms() // HOUR * HOUR


def _items(world: World, seller: Seller, count: int, roll: random.Random) -> list[Item]:
    if not count:
        return []
    first, first_product = world.next_number("item", count), world.next_number("user_product", count)
    now, items = _this_hour(world), []
    for index in range(count):
        title, category, base, variants = roll.choice(PRODUCTS)
        # Around the usual price, always ending in 90 cents.
        price = max(990, round(base * roll.lognormvariate(0, 0.22) / 100) * 100 - 10)
        started = now - roll.randrange(30, 900) * DAY - roll.randrange(DAY)
        status, sub_status = _item_status(roll)
        stock = 0 if sub_status == ["out_of_stock"] else roll.randrange(5, 400)
        items.append(
            Item(
                id=f"{seller.site_id}{first + index}",
                seller_id=seller.id,
                site_id=seller.site_id,
                title=f"{title} {roll.choice(BRANDS)} {roll.choice(variants)}",
                category_id=category,
                price=price,
                original_price=round(price * 1.2) if roll.random() < 0.25 else None,
                initial_quantity=stock + 100,
                available_quantity=stock,
                sold_quantity=0,
                listing_type_id=roll.choice(("gold_special", "gold_special", "gold_pro")),
                status=status,
                sku=f"{title.split()[0][:3].upper()}-{index + 1:04d}",
                user_product_id=f"{seller.site_id}U{first_product + index}",
                free_shipping=price >= FREE_SHIPPING_FROM,
                logistic_type=roll.choice(("xd_drop_off", "cross_docking", "fulfillment")),
                date_created=started,
                last_updated=now - roll.randrange(30 * DAY),
                stop_time=started + 20 * 365 * DAY,
                sub_status=sub_status,
                price_automation=roll.random() < 0.03,
            )
        )
    return items


def _item_status(roll: random.Random) -> tuple[str, list[str]]:
    point = roll.random()
    if point < 0.86:
        return "active", []
    if point < 0.91:
        return "paused", ["out_of_stock"]
    if point < 0.96:
        return "paused", ["paused_by_seller"]
    return "closed", ["expired"]


def _orders(world: World, seller: Seller, count: int, days: int, roll: random.Random) -> list[Order]:
    items = world.seller_items(seller.id)
    if not items:
        raise ValueError("orders need items")
    # A few items make most of the sales.
    popularity = [roll.paretovariate(1.1) for _ in items]
    moments = _moments(_this_hour(world), count, days, roll)
    chosen = roll.choices(items, popularity, k=count)
    first = world.next_number("order", count)
    orders: list[Order] = []
    for index, (moment, item) in enumerate(zip(moments, chosen, strict=True)):
        order = new_order(world, item, first + index, moment, roll)
        _age(order, roll, _this_hour(world))
        item.sold_quantity += order.quantity
        orders.append(order)
    _join_carts(orders, roll)
    for item in {item.id: item for item in chosen}.values():
        world.save_item(item)
    return orders


def _moments(now: int, count: int, days: int, roll: random.Random) -> list[int]:
    """Moments in the last `days`, by weekday and hour as the seller's customers see them, in rising order."""
    starts = [now - back * DAY for back in range(1, days + 1)]
    weekdays = [datetime.fromtimestamp(start / SECOND, UTC).astimezone(PRINTED_OFFSET).weekday() for start in starts]
    midnight = 4 * HOUR
    chosen = roll.choices(starts, [WEEKDAY_WEIGHTS[weekday] for weekday in weekdays], k=count)
    hours = roll.choices(range(24), HOUR_WEIGHTS, k=count)
    moments = []
    for start, hour in zip(chosen, hours, strict=True):
        moment = start // DAY * DAY + midnight + hour * HOUR + roll.randrange(HOUR)
        moments.append(moment if moment < now else moment - DAY)
    return sorted(moments)


def new_order(world: World, item: Item, order_id: int, moment: int, roll: random.Random) -> Order:
    """A paid order of one item, in a pack of its own."""
    payment_type = roll.choices(PAYMENT_TYPES, PAYMENT_WEIGHTS)[0]
    approved = moment + roll.randrange(5, 40) * SECOND
    unit_price = item.price if roll.random() < 0.8 else round(item.price * 0.95)
    return Order(
        id=order_id,
        seller_id=item.seller_id,
        pack_id=world.next_number("pack"),
        status="paid",
        item_id=item.id,
        quantity=roll.choices((1, 2, 3, 5), (84, 11, 4, 1))[0],
        unit_price=unit_price,
        full_unit_price=max(unit_price, item.original_price or item.price),
        sale_fee=unit_fee(item, unit_price),
        listing_type_id=item.listing_type_id,
        buyer_id=world.next_number("buyer"),
        payment_id=world.next_number("payment"),
        payment_type=payment_type,
        installments=roll.choice((1, 1, 2, 3, 6, 10)) if payment_type == "credit_card" else 1,
        shipping_id=world.next_number("shipment"),
        variation_id=roll.choice(item.variations).id if item.variations else None,
        date_created=moment,
        date_closed=approved,
        last_updated=approved,
        date_last_updated=approved + roll.randrange(50, 2_000),
        date_approved=approved,
    )


def _age(order: Order, roll: random.Random, now: int) -> None:
    """Give a past order the state that its age allows."""
    age = now - order.date_created
    if age < 2 * DAY and roll.random() < 0.06:
        order.status, order.date_approved, order.shipping_id = roll.choice(UNPAID), None, None
        return
    order.status = roll.choices(STATUSES, STATUS_WEIGHTS)[0]
    changed = min(order.date_approved or 0, now) + roll.randrange(max(min(age, 6 * DAY), MINUTE))
    if order.status == "cancelled":
        order.cancelled_by = roll.choice(("buyer", "buyer", "seller", "mediations", "unpaid"))
        order.refunded = order.total
        if order.cancelled_by == "unpaid":
            order.date_approved, order.shipping_id, order.refunded = None, None, 0
    elif order.status == "partially_refunded":
        order.refunded = order.total // 3
    elif order.status == "paid" and age > 5 * DAY:
        order.delivered = True
    elif order.status == "paid" and roll.random() < 0.7:
        return
    order.last_updated = max(min(changed, now), order.last_updated)
    order.date_last_updated = order.last_updated + roll.randrange(50, 2_000)


def _join_carts(orders: list[Order], roll: random.Random) -> None:
    """One order in twelve joins the previous one's cart; one in twenty has no pack at all."""
    for before, order in pairwise(orders):
        point = roll.random()
        if point < 0.05:
            order.pack_id = None
        elif point < 0.13 and before.pack_id is not None and before.shipping_id and order.shipping_id:
            order.pack_id, order.buyer_id, order.shipping_id = before.pack_id, before.buyer_id, before.shipping_id
            shift = order.date_created - before.date_created
            for date in ("date_created", "date_closed", "last_updated", "date_last_updated"):
                setattr(order, date, getattr(order, date) - shift)
            if order.date_approved is not None:
                order.date_approved -= shift
