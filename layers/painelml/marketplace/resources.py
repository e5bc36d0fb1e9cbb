"""Which resource a notification points at. Ids are taken out by a strict pattern and paths rebuilt: never fetched verbatim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from painelml.marketplace.items import kind as items
from painelml.marketplace.kinds import Kind
from painelml.marketplace.orders import kind as orders
from painelml.marketplace.payments import kind as payments
from painelml.marketplace.shipments import kind as shipments

KINDS: tuple[Kind[Any], ...] = (orders.KIND, items.KIND, shipments.KIND, payments.KIND)
TOPICS: dict[str, Kind[Any]] = {topic: kind for kind in KINDS for topic in kind.topics}
"""The topics whose notifications have an effect. Others are stored as ignored."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing of a kind, by its Mercado Livre id."""

    kind: Kind[Any]
    id: str

    @property
    def path(self) -> str:
        """Where the API has it, and how it is named in our tables: `/orders/2000…`, `/items/MLB…`."""
        return self.kind.path.format(id=self.id)


def read_resource(topic: str, resource: str) -> Resource | None:
    """With or without a leading slash, or a bare id; None where it does not fit its topic, or the topic has no effect."""
    kind = TOPICS.get(topic)
    found = kind.topics[topic].fullmatch(resource) if kind else None
    return Resource(kind, found[1]) if kind and found else None
