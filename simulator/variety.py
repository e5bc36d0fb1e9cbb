"""What makes a seller's catalogue less plain: variations, families of user products, other logistics, other tags."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from .errors import bad_request
from .model import Item, Variation
from .shipment_timeline import MODES, PLANS
from .state import World

FAMILY_TAG = "user_product_seller"
COLORS = ("Preto", "Branco", "Azul", "Vermelho", "Verde", "Cinza")


@dataclass(frozen=True, slots=True)
class Variety:
    """Shares from 0 to 1 of the items; the logistics to choose from, or none to leave them as they are."""

    variations: float = 0.0
    families: float = 0.0
    logistic_types: tuple[str, ...] = ()
    tags: tuple[str, ...] = field(default_factory=tuple)


def wished(body: dict[str, Any]) -> Variety:
    """The variety that a control call asks for; a seller of user products has families and no variations."""
    shares = {name: body.get(name, 0.0) for name in ("variations", "families")}
    for name, value in shares.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise bad_request(f"{name} must be a share from 0 to 1")
    logistics, tags = body.get("logistic_types", []), body.get("tags", [])
    if not isinstance(logistics, list) or not set(logistics) <= set(PLANS):
        raise bad_request(f"logistic_types must be among {', '.join(PLANS)}")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise bad_request("tags must be a list of words")
    if FAMILY_TAG in tags and shares["variations"]:
        raise bad_request("a seller of user products has no variations")
    return Variety(float(shares["variations"]), float(shares["families"]), tuple(logistics), tuple(tags))


def vary(world: World, items: list[Item], variety: Variety, roll: Random) -> None:
    """Change a fresh catalogue in place, before it is added to the world."""
    for item in items:
        if variety.logistic_types:
            item.logistic_type = roll.choice(variety.logistic_types)
            item.mode = MODES.get(item.logistic_type, "me2")
        if roll.random() < variety.variations:
            item.variations = _variations(world, item, roll)
    grouped = [item for item in items if not item.variations and roll.random() < variety.families]
    # Three items to a family: two of them of the same product, which therefore share one stock.
    for start in range(0, len(grouped) - 2, 3):
        trio = grouped[start : start + 3]
        name, family_id = trio[0].title, world.next_number("family")
        for item in trio:
            item.family_id, item.family_name = family_id, name
        trio[1].user_product_id, trio[1].title = trio[0].user_product_id, name
        trio[1].available_quantity, trio[1].status = trio[0].available_quantity, trio[0].status
        trio[1].sub_status, trio[1].logistic_type, trio[1].mode = list(trio[0].sub_status), trio[0].logistic_type, trio[0].mode
        color = roll.choice(COLORS)
        trio[2].title, trio[2].attributes = f"{name} {color}", [{"id": "COLOR", "value_id": None, "value_name": color}]


def _variations(world: World, item: Item, roll: Random) -> list[Variation]:
    count = roll.randrange(2, 5)
    first, share = world.next_number("variation", count), item.available_quantity // count
    stocks = [share] * (count - 1) + [item.available_quantity - share * (count - 1)]
    return [
        Variation(first + index, color, item.price, stocks[index], 0, f"{item.sku}-{index + 1}")
        for index, color in enumerate(roll.sample(COLORS, count))
    ]
