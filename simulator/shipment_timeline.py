"""How a parcel moves: for each kind of logistics the statuses it passes, and when, counted from the payment."""

import random
from dataclasses import dataclass, field

from .clock import DAY, HOUR, MINUTE
from .model import Order

Step = tuple[int, str, str | None]
Plan = tuple[tuple[float, str, str | None], ...]

LABEL: Plan = (
    (0, "pending", None),
    (2 * MINUTE, "handling", "waiting_for_label_generation"),
    (6 * MINUTE, "ready_to_ship", "ready_to_print"),
    (5 * HOUR, "ready_to_ship", "printed"),
)
ROAD: Plan = (
    (30 * HOUR, "shipped", None),
    (70 * HOUR, "shipped", "out_for_delivery"),
    (76 * HOUR, "delivered", None),
)
# Substatus sets vary by logistics and are documented as an open list: these are the usual stations of each.
PLANS: dict[str, Plan] = {
    "drop_off": (*LABEL, (20 * HOUR, "ready_to_ship", "dropped_off"), *ROAD),
    "xd_drop_off": (*LABEL, (18 * HOUR, "ready_to_ship", "dropped_off"), (24 * HOUR, "ready_to_ship", "in_hub"), *ROAD),
    "cross_docking": (
        *LABEL,
        (10 * HOUR, "ready_to_ship", "ready_for_pickup"),
        (16 * HOUR, "ready_to_ship", "picked_up"),
        (22 * HOUR, "ready_to_ship", "in_hub"),
        *ROAD,
    ),
    "self_service": (
        *LABEL[:3],
        (2 * HOUR, "ready_to_ship", "printed"),
        (6 * HOUR, "shipped", "out_for_delivery"),
        (10 * HOUR, "delivered", None),
    ),
    "turbo": (
        *LABEL[:3],
        (20 * MINUTE, "ready_to_ship", "printed"),
        (40 * MINUTE, "shipped", "out_for_delivery"),
        (90 * MINUTE, "delivered", None),
    ),
    "fulfillment": (
        (0, "pending", None),
        (5 * MINUTE, "handling", None),
        (1 * HOUR, "ready_to_ship", "in_warehouse"),
        (3 * HOUR, "ready_to_ship", "ready_to_pack"),
        (5 * HOUR, "ready_to_ship", "packed"),
        (8 * HOUR, "shipped", None),
        (26 * HOUR, "shipped", "out_for_delivery"),
        (32 * HOUR, "delivered", None),
    ),
    "default": (
        (0, "pending", None),
        (10 * MINUTE, "ready_to_ship", None),
        (30 * HOUR, "shipped", None),
        (8 * DAY, "delivered", None),
    ),
    "custom": ((0, "pending", None), (30 * HOUR, "shipped", None)),
    "not_specified": ((0, "to_be_agreed", None),),
}
MODES = {"default": "me1", "custom": "custom", "not_specified": "not_specified"}
BUFFERED = 14 * HOUR
LONGEST = 15 * DAY
RETURNED: Plan = (
    (76 * HOUR, "shipped", "receiver_absent"),
    (98 * HOUR, "not_delivered", "returning_to_sender"),
    (170 * HOUR, "not_delivered", "returned"),
)


@dataclass(slots=True)
class Shipment:
    """One parcel and its whole way, the part that lies ahead included; money in cents."""

    id: int
    seller_id: int
    order_ids: list[int]
    pack_id: int | None
    buyer_id: int
    logistic_type: str
    steps: list[Step]
    list_cost: int
    seller_cost: int
    receiver_cost: int
    sibling_id: int | None = None
    sibling_reason: str | None = None
    delays: list[str] = field(default_factory=list)
    invoiced: bool = False

    def __post_init__(self) -> None:
        self.steps = [(moment, status, substatus) for moment, status, substatus in self.steps]

    @property
    def mode(self) -> str:
        return MODES.get(self.logistic_type, "me2")

    @property
    def date_created(self) -> int:
        return self.steps[0][0]

    def past(self, now: int) -> list[Step]:
        """The stations passed so far; the first one always."""
        return [step for step in self.steps if step[0] <= now] or self.steps[:1]

    def current(self, now: int) -> Step:
        return self.past(now)[-1]

    def next_moment(self, now: int) -> int | None:
        return next((moment for moment, _, _ in self.steps if moment > now), None)

    def moment_of(self, status: str) -> int | None:
        return next((moment for moment, reached, _ in self.steps if reached == status), None)

    def moved(self, status: str, substatus: str | None, now: int) -> None:
        """Stand at this station now and stay there: whatever was planned is off."""
        self.steps = [*(step for step in self.steps if step[0] < now), (now, status, substatus)]


def planned(shipping_id: int, orders: list[Order], logistic_type: str, created: int) -> Shipment:
    """The parcel of paid orders: the same parcel always has the same plan."""
    order, total = orders[0], sum(order.total for order in orders)
    roll = random.Random(shipping_id)  # noqa: S311 - reproducible data, not a secret
    plan, pace = PLANS[logistic_type], roll.uniform(0.8, 1.3)
    if len(plan) > 6 and roll.random() < 0.03:
        plan = (*plan[:-1], *RETURNED)
    held = BUFFERED if logistic_type in ("xd_drop_off", "cross_docking") and roll.random() < 0.1 else 0
    steps: list[Step] = [(created, "pending", "buffered")] if held else []
    steps += [(created + held + round(after * pace), status, substatus) for after, status, substatus in plan[bool(held) :]]
    free = total >= 7_900
    list_cost = roll.choice((1_890, 2_190, 2_490, 3_290))
    return Shipment(
        id=shipping_id,
        seller_id=order.seller_id,
        order_ids=[one.id for one in orders],
        pack_id=order.pack_id,
        buyer_id=order.buyer_id,
        logistic_type=logistic_type,
        steps=steps,
        list_cost=list_cost,
        seller_cost=list_cost // 2 if free else 0,
        receiver_cost=0 if free else list_cost,
    )
