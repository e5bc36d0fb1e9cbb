"""What stock and moderation do to an item's status, and how a change of an item is made known."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .clock import DAY
from .errors import ApiError
from .gateway import Simulator
from .model import Item

PATCH_AFTER = 2 * DAY
REVIEWS = ("warning", "waiting_for_patch", "held", "pending_documentation", "forbidden")


@asynccontextmanager
async def writing(sim: Simulator, item: Item) -> AsyncIterator[None]:
    """One write of an item at a time: another one meanwhile is refused, as is a share of all by the switch."""
    chaos = sim.world.chaos
    if item.id in sim.being_written or random.random() < chaos.item_conflicts:  # noqa: S311 - a fault rate, not a secret
        raise ApiError(409, "conflict", "item optimistic locking error")
    sim.being_written.add(item.id)
    try:
        if chaos.item_write_ms:
            await asyncio.sleep(chaos.item_write_ms / 1000)
        yield
    finally:
        sim.being_written.discard(item.id)


def item_changed(sim: Simulator, item: Item, *, price: bool = False) -> None:
    item.last_updated = max(sim.world.clock.now_ms(), item.last_updated + 1)
    sim.world.save_item(item)
    sim.outbox.announce(item.seller_id, "items", f"/items/{item.id}")
    if price:
        sim.outbox.announce(item.seller_id, "items_prices", f"/items/{item.id}/prices")


def set_stock(item: Item, quantity: int) -> None:
    """No stock pauses an active item and stock brings it back, unless the seller was the one who paused it."""
    item.available_quantity = quantity
    if quantity == 0 and item.status == "active":
        item.status, item.sub_status = "paused", ["out_of_stock"]
    elif quantity > 0 and item.status == "paused" and item.sub_status == ["out_of_stock"]:
        item.status, item.sub_status = "active", []


def put_under_review(sim: Simulator, item: Item, reason: str) -> None:
    """Take an item out of sight; a warning waits two days for the seller before it hardens."""
    item.status, item.sub_status = "under_review", [reason]
    if reason == "warning":
        expect_patch(sim, item, sim.world.clock.now_ms() + PATCH_AFTER)


def expect_patch(sim: Simulator, item: Item, moment: int) -> None:
    def harden() -> None:
        if item.sub_status == ["warning"]:
            item.sub_status = ["waiting_for_patch"]
            item_changed(sim, item)

    sim.agenda.at(moment, harden)
