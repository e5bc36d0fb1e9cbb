"""The server put together: every route on one page."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from . import (
    consent,
    control,
    control_sales,
    control_world,
    grants,
    item_changes,
    item_creation,
    item_prices,
    item_search,
    items,
    missed_feeds,
    oauth,
    order_search,
    orders,
    payments,
    shipment_actions,
    shipments,
    sites,
    truth,
    user_products,
    users,
    variations,
)
from .gateway import Handler, Simulator, api_route, control_route
from .item_state import PATCH_AFTER, expect_patch
from .notifications import Outbox
from .parcels import expect_parcels
from .state import World
from .talk_routes import TALK_API, TALK_CONTROL

# Tried in this order: what is called most comes first, a fixed path before the one whose parameter would swallow it.
API: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/oauth/token", oauth.token),
    *order_search.ROUTES,
    *orders.ROUTES,
    *items.ROUTES,
    *users.ROUTES,
    *item_search.ROUTES,
    *grants.ROUTES,
    *sites.ROUTES,
    *item_creation.ROUTES,
    *item_changes.ROUTES,
    *item_prices.ROUTES,
    *variations.ROUTES,
    *user_products.ROUTES,
    *payments.ROUTES,
    *shipments.ROUTES,
    *shipment_actions.ROUTES,
    ("GET", "/missed_feeds", missed_feeds.missed_feeds),
    *TALK_API,
)
CONTROL: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/authorization", consent.show),
    ("POST", "/authorization", consent.decide),
    ("GET", "/{auth_host}/authorization", consent.show),
    ("POST", "/{auth_host}/authorization", consent.decide),
    ("GET", "/_sim/health", control.health),
    ("GET", "/_sim/app", control.apps),
    ("PUT", "/_sim/app", control.put_app),
    ("GET", "/_sim/sellers", control.sellers),
    ("POST", "/_sim/sellers", control.post_seller),
    ("POST", "/_sim/sellers/{user_id:int}/revoke", control.revoke),
    ("POST", "/_sim/orders", control_sales.post_order),
    ("POST", "/_sim/orders/{order_id:int}", control_sales.post_order_change),
    ("POST", "/_sim/items/{item_id}", control_sales.post_item_change),
    ("POST", "/_sim/notify", control_sales.notify),
    ("POST", "/_sim/forge", control_sales.forge),
    ("GET", "/_sim/deliveries", control_sales.deliveries),
    ("GET", "/_sim/tokens", control.tokens),
    ("GET", "/_sim/requests", control.requests),
    ("GET", "/_sim/chaos", control.get_chaos),
    ("POST", "/_sim/chaos", control.post_chaos),
    ("GET", "/_sim/clock", control.get_clock),
    ("POST", "/_sim/clock", control.post_clock),
    ("POST", "/_sim/reset", control.reset),
    *truth.ROUTES,
    *control_world.ROUTES,
    *TALK_CONTROL,
)


def create_app(
    *,
    seed: int = 7,
    state_dir: Path | None = None,
    retry_scale: float | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Starlette:
    """Build the server; `transport` replaces the network on which notifications leave."""
    world = World(seed, state_dir, retry_scale)
    sim = Simulator(world, Outbox(world, transport))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        plan_ahead(sim)
        tasks = [asyncio.create_task(sim.outbox.run()), asyncio.create_task(sim.agenda.run())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            world.store.close()

    routes = [api_route(sim, *line) for line in API] + [control_route(sim, *line) for line in CONTROL]
    app = Starlette(
        routes=[*routes, Route("/{path:path}", _nothing_here, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])],
        lifespan=lifespan,
    )
    app.state.simulator = sim
    return app


def plan_ahead(sim: Simulator) -> None:
    """Put on the agenda what the state that was read still has before it."""
    expect_parcels(sim, list(sim.world.orders.values()))
    for item in sim.world.items.values():
        if item.sub_status == ["warning"]:
            expect_patch(sim, item, item.last_updated + PATCH_AFTER)


async def _nothing_here(_: object) -> JSONResponse:
    body = {"message": "resource not found", "error": "not_found", "status": 404, "cause": []}
    return JSONResponse(body, 404)
