"""Where parcels come from: planned from their orders on first sight, kept only once something made them differ."""

from .clock import SECOND
from .errors import bad_request, forbidden, not_found
from .gateway import Simulator
from .model import Order
from .shipment_timeline import LONGEST, PLANS, Shipment, planned
from .state import World


def parcel(world: World, shipping_id: int) -> Shipment | None:
    """The shipment under this id, made from its orders if nobody has asked for it before."""
    known = world.shipments.get(shipping_id)
    if known is None and shipping_id in world.parcels:
        known = new_parcel(world, shipping_id)
    return known


def new_parcel(world: World, shipping_id: int) -> Shipment:
    """Plan the parcel of the orders that carry this id."""
    order_ids = world.parcels[shipping_id]
    orders = [world.orders[order_id] for order_id in order_ids]
    first, item = orders[0], world.items[orders[0].item_id]
    created = first.date_approved or first.date_created
    kind = item.logistic_type if item.logistic_type in PLANS else "not_specified"
    shipment = planned(shipping_id, orders, kind, created)
    if all(order.status == "cancelled" for order in orders):
        shipment.moved("cancelled", None, max(first.last_updated, created + 1))
    elif first.delivered and all(status != "delivered" for _, status, _ in shipment.past(world.clock.now_ms())):
        shipment.moved("delivered", None, max(first.last_updated, created + 1))
    world.shipments[shipping_id] = shipment
    return shipment


def owned_parcel(sim: Simulator, shipping_id: int, user_id: int) -> Shipment:
    world = sim.world
    found = parcel(world, shipping_id)
    if found is None or any(world.is_hidden(order_id) for order_id in found.order_ids):
        raise not_found(f"Shipment {shipping_id} not found", "not_found_shipment_id")
    if found.seller_id != user_id:
        raise forbidden("the caller is not the owner of the shipment")
    return found


def announce_parcel(sim: Simulator, shipment: Shipment) -> list[str]:
    return sim.outbox.announce(shipment.seller_id, "shipments", f"/shipments/{shipment.id}")


def expect_parcels(sim: Simulator, orders: list[Order]) -> None:
    """Plan the announcements of young parcels, if anybody wants to hear them; those of old orders have arrived long ago."""
    if not any("shipments" in app.topics for app in sim.world.apps.values()):
        return
    now = sim.world.clock.now_ms()
    for order in orders:
        if order.shipping_id is not None and now - order.date_created < LONGEST:
            _expect_step(sim, order.shipping_id, now)


def _expect_step(sim: Simulator, shipping_id: int, after: int) -> None:
    shipment = parcel(sim.world, shipping_id)
    moment = shipment.next_moment(after) if shipment else None
    if moment is not None and sim.awaited.get(shipping_id) != moment:
        sim.awaited[shipping_id] = moment
        sim.agenda.at(moment, lambda: _step_came(sim, shipping_id, moment))


def _step_came(sim: Simulator, shipping_id: int, moment: int) -> None:
    shipment = parcel(sim.world, shipping_id)
    # A parcel that was moved by hand has other steps than the one that was awaited.
    if shipment is not None and any(planned_for == moment for planned_for, _, _ in shipment.steps):
        announce_parcel(sim, shipment)
        _expect_step(sim, shipping_id, moment)


def move_parcel(sim: Simulator, shipment: Shipment, status: str, substatus: str | None) -> None:
    """Put a parcel at a station by hand, for good."""
    now = max(sim.world.clock.now_ms(), shipment.current(sim.world.clock.now_ms())[0] + 1)
    shipment.moved(status, substatus, now)
    sim.world.save_shipment(shipment)
    announce_parcel(sim, shipment)


def advance_parcel(sim: Simulator, shipment: Shipment) -> None:
    """Bring the next planned station forward to now, and everything behind it along."""
    now = sim.world.clock.now_ms()
    upcoming = shipment.next_moment(now)
    if upcoming is None:
        raise bad_request("the parcel has arrived where its plan ends")
    shift = upcoming - now
    shipment.steps = [
        (moment if moment <= now else moment - shift, status, substatus) for moment, status, substatus in shipment.steps
    ]
    sim.world.save_shipment(shipment)
    announce_parcel(sim, shipment)
    _expect_step(sim, shipment.id, now)


def give_parcel(sim: Simulator, order: Order) -> None:
    """Create the shipment of an order that has none yet, or share the one of its cart."""
    world = sim.world
    cart = [world.orders[one] for one in world.packs.get(order.pack_id, ())] if order.pack_id is not None else []
    shared = next((one.shipping_id for one in cart if one.shipping_id is not None), None)
    order.shipping_id = shared or world.next_number("shipment")
    world.save_order(order)
    shared_parcel = world.shipments.get(order.shipping_id)
    shipment = shared_parcel or new_parcel(world, order.shipping_id)
    if order.id not in shipment.order_ids:
        shipment.order_ids.append(order.id)
    if shared_parcel is None and (shift := world.clock.now_ms() - shipment.date_created) > 0:
        # The plan counts from the moment the shipment exists, not from the payment it came after.
        shipment.steps = [(moment + shift, status, substatus) for moment, status, substatus in shipment.steps]
    world.save_shipment(shipment)
    expect_parcels(sim, [order])
    announce_parcel(sim, shipment)


def sla_of(shipment: Shipment, now: int) -> tuple[str, int]:
    """Whether the parcel left in time, and by when it had to: a day and a half after the payment."""
    limit = shipment.date_created + 36 * 3_600 * SECOND
    left = shipment.moment_of("shipped")
    reached = left if left is not None and left <= now else None
    if shipment.delays or (reached or now) > limit:
        return "delayed", limit
    return ("on_time" if reached else "insuficient_info"), limit
