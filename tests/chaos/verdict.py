"""What is lost, what happened twice, what is in the wrong hands: our tables against what really exists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

PATHS = {"orders": "/orders/", "items": "/items/", "shipments": "/shipments/", "payments": "/collections/"}
STAMPS = {"orders": "date_last_updated", "items": "last_updated"}
State = tuple[str, datetime]


@dataclass(frozen=True, slots=True)
class Held:
    """One tenant's tables. `resources`: path → (status, update stamp); `notifications`: id → (resource, status);
    `effects`: (resource, version) → how many; `waiting`: resources still to be read again."""

    resources: Mapping[str, State]
    notifications: Mapping[str, tuple[str, str]]
    effects: Mapping[tuple[str, str], int]
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Truth:
    """What exists at Mercado Livre: path → state of what is compared, and path of anything → the tenant whose seller has it."""

    states: Mapping[str, State]
    owners: Mapping[str, UUID]


@dataclass(frozen=True, slots=True)
class Told:
    """What Mercado Livre says of its deliveries. `announced`: notification id → resource; `acknowledged`: with a 200."""

    announced: Mapping[str, str] = field(default_factory=dict)
    acknowledged: frozenset[str] = frozenset()
    attempts: int = 0
    dropped: int = 0

    @property
    def complete(self) -> set[str]:
        """Resources of which every notification got its 200: whatever they lack now, we have lost."""
        incomplete = {resource for key, resource in self.announced.items() if key not in self.acknowledged}
        return set(self.announced.values()) - incomplete

    @property
    def touched(self) -> set[str]:
        """Resources of which at least one notification got its 200."""
        return {self.announced[key] for key in self.acknowledged}


def told(deliveries: Iterable[Mapping[str, Any]]) -> Told:
    """From the attempts of `GET /_sim/deliveries`."""
    rows = list(deliveries)
    return Told(
        announced={row["notification_id"]: row["resource"] for row in rows},
        acknowledged=frozenset(row["notification_id"] for row in rows if row["outcome"] == "delivered"),
        attempts=len(rows),
        dropped=sum(1 for row in rows if row["outcome"] == "dropped"),
    )


def truth(owners: Mapping[int, UUID], documents: Mapping[int, Mapping[str, Any]]) -> Truth:
    """From `GET /_sim/sellers/{id}/truth?ids=1` of each seller, and the tenant that each is connected to."""
    states: dict[str, State] = {}
    owned: dict[str, UUID] = {}
    for seller_id, document in documents.items():
        for kind, path in PATHS.items():
            for key, record in document[kind]["by_id"].items():
                owned[path + key] = owners[seller_id]
                if kind in STAMPS:
                    states[path + key] = (record["status"], datetime.fromisoformat(record[STAMPS[kind]]))
    return Truth(states, owned)


def missing(held: Mapping[UUID, Held], real: Truth) -> set[str]:
    """Resources whose owner does not hold them, or holds another state or stamp of them."""
    return {
        resource
        for resource, state in real.states.items()
        if real.owners[resource] not in held or held[real.owners[resource]].resources.get(resource) != state
    }


def lost(held: Mapping[UUID, Held], real: Truth, heard: Told) -> set[str]:
    """What we answered 200 to and do not have: notifications that are not stored, effects that did not happen."""
    stored = {key for tenant in held.values() for key in tenant.notifications}
    present = {resource for tenant in held.values() for resource in tenant.resources}
    return (
        {f"notification {key}" for key in heard.acknowledged - stored}
        | (missing(held, real) & heard.complete)
        | (heard.touched - present)
    )


def applied_twice(held: Mapping[UUID, Held]) -> set[str]:
    """Versions of a resource with more than one effect, in one tenant or over all."""
    effects: defaultdict[tuple[str, str], int] = defaultdict(int)
    for tenant in held.values():
        for version, count in tenant.effects.items():
            effects[version] += count
    return {f"{resource} {version}" for (resource, version), count in effects.items() if count > 1}


def foreign(held: Mapping[UUID, Held], real: Truth) -> set[str]:
    """Whatever stands in a tenant and belongs to another, or to nobody that exists."""
    return {
        f"{resource} in {tenant_id}"
        for tenant_id, tenant in held.items()
        for resource in (
            *tenant.resources,
            *(resource for resource, _ in tenant.notifications.values()),
            *(resource for resource, _ in tenant.effects),
        )
        if real.owners.get(resource) != tenant_id
    }
