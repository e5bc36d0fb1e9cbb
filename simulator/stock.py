"""A user product's stock, location by location, under one version number."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Location:
    """`selling_address`, `seller_warehouse` (with a store) or `meli_facility`, and what lies there."""

    type: str
    quantity: int
    store_id: str | None = None
    network_node_id: str | None = None


@dataclass(slots=True)
class ProductStock:
    id: str
    seller_id: int
    version: int = 1
    locations: list[Location] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.locations = [one if isinstance(one, Location) else Location(**one) for one in self.locations]

    @property
    def total(self) -> int:
        return sum(location.quantity for location in self.locations)
