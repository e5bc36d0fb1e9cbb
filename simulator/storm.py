"""A storm: many new orders, questions, messages and claims at once, announced together or spread over a while."""

from collections.abc import Callable
from functools import partial
from itertools import zip_longest
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .claim_changes import announce_claim, claimable, open_claims
from .control_sales import known_seller
from .errors import bad_request
from .gateway import Simulator, answer, json_body
from .message_changes import announce_message, buyer_writes
from .order_actions import announce_order
from .order_changes import place_orders, spread
from .question_changes import announce_question, ask

STORM_LIMIT = 20_000

# What happened: its id, and how to announce it after so many milliseconds.
Event = tuple[int | str, Callable[[int], list[str]]]


def _orders(sim: Simulator, seller_id: int, count: int) -> list[Event]:
    return [(one.id, partial(announce_order, sim, one)) for one in place_orders(sim, seller_id, count)]


def _questions(sim: Simulator, seller_id: int, count: int) -> list[Event]:
    return [(one.id, partial(announce_question, sim, one)) for one in ask(sim, seller_id, count)]


def _messages(sim: Simulator, seller_id: int, count: int) -> list[Event]:
    return [(one.id, partial(announce_message, sim, one, "created")) for one in buyer_writes(sim, seller_id, count)]


def _claims(sim: Simulator, seller_id: int, count: int) -> list[Event]:
    opened = open_claims(sim, claimable(sim.world, seller_id)[:count])
    return [(one.id, partial(announce_claim, sim, one, "claims")) for one in opened]


KINDS = {"orders": _orders, "questions": _questions, "messages": _messages, "claims": _claims}


async def storm(sim: Simulator, request: Request) -> Response:
    """Make `kinds` of events (or `orders_each` orders) for every seller named, spread over `over_seconds` if asked."""
    body = await json_body(request)
    seller_ids = [known_seller(sim, value) for value in body.get("seller_ids") or list(sim.world.sellers)]
    counts, seconds = _counts(body), body.get("over_seconds", 0)
    if not 0 < sum(counts.values()) * len(seller_ids) <= STORM_LIMIT:
        raise bad_request(f"a storm needs sellers and has from 1 to {STORM_LIMIT} events")
    if not isinstance(seconds, int | float) or not 0 <= seconds <= 3600:
        raise bad_request("over_seconds must be from 0 to 3600")
    if counts.get("claims") and any(_claimable(sim, seller_id, counts) < counts["claims"] for seller_id in seller_ids):
        raise bad_request("a seller has fewer paid orders without a claim than the claims asked for")
    made: dict[str, dict[str, list[int | str]]] = {}
    rows: list[list[Event]] = []
    for kind, count in counts.items():
        by_seller = {seller_id: KINDS[kind](sim, seller_id, count) for seller_id in seller_ids}
        made[kind] = {str(seller_id): [event[0] for event in events] for seller_id, events in by_seller.items()}
        rows += by_seller.values()
    announced = 0
    # In turns, so that a receiver sees kinds and sellers mixed.
    for turn, row in enumerate(zip_longest(*rows)):
        for event in row:
            if event is not None:
                announced += len(event[1](spread(turn, max(counts.values()), seconds)))
    total = sum(len(ids) for by_seller in made.values() for ids in by_seller.values())
    return answer({"count": total, "announced": announced, "order_ids": made.get("orders", {}), "ids": made}, 201)


def _counts(body: dict[str, Any]) -> dict[str, int]:
    """How many of each kind every seller gets, orders first: the others may be about them."""
    counts = body.get("kinds", {"orders": body.get("orders_each", 1)})
    if not isinstance(counts, dict) or not set(counts) <= set(KINDS):
        raise bad_request(f"kinds must be an object of counts, named from {', '.join(KINDS)}")
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= STORM_LIMIT:
            raise bad_request(f"the count of {name} must be from 0 to {STORM_LIMIT}")
    return {name: counts[name] for name in KINDS if counts.get(name)}


def _claimable(sim: Simulator, seller_id: int, counts: dict[str, int]) -> int:
    return len(claimable(sim.world, seller_id)) + counts.get("orders", 0)
