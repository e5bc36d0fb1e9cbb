"""Which resource a notification points at. Ids are taken out by a strict pattern and paths rebuilt: never fetched verbatim."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

PATTERNS: dict[str, tuple[Literal["order", "item"], re.Pattern[str]]] = {
    "orders_v2": ("order", re.compile(r"/?(?:orders/)?([1-9][0-9]{0,17})", re.ASCII)),
    # Price notifications come under the topic `items` too, with /prices at the end: the item is read again for them.
    "items": ("item", re.compile(r"/?(?:items/)?([A-Z]{3}[0-9]{1,20})(?:/prices)?", re.ASCII)),
}


@dataclass(frozen=True, slots=True)
class Resource:
    """An order or an item by its Mercado Livre id."""

    kind: Literal["order", "item"]
    id: str

    @property
    def path(self) -> str:
        """Where the API has it, and how it is named in our tables: `/orders/2000…`, `/items/MLB…`."""
        return f"/{self.kind}s/{self.id}"


def is_handled(topic: str) -> bool:
    """Whether notifications of this topic have an effect. Others are stored as ignored."""
    return topic in PATTERNS


def read_resource(topic: str, resource: str) -> Resource | None:
    """With or without a leading slash, or a bare id; None where it does not fit its topic."""
    kind, pattern = PATTERNS[topic]
    found = pattern.fullmatch(resource)
    return Resource(kind, found[1]) if found else None
