"""The server put together: every route on one page."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from . import consent, control, control_sales, grants, item_changes, items, missed_feeds, oauth, orders, users
from .gateway import Handler, Simulator, api_route, control_route
from .notifications import Outbox
from .state import World
from .talk_routes import TALK_API, TALK_CONTROL

API: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/oauth/token", oauth.token),
    ("GET", "/users/me", users.me),
    ("GET", "/users/{user_id:int}", users.user),
    ("GET", "/users/{user_id:int}/items/search", items.search),
    ("GET", "/users/{user_id:int}/applications", grants.user_applications),
    ("GET", "/users/{user_id:int}/applications/{app_id}", grants.user_application),
    ("DELETE", "/users/{user_id:int}/applications/{app_id}", grants.revoke),
    ("GET", "/applications/{app_id}", grants.application),
    ("GET", "/applications/{app_id}/grants", grants.application_grants),
    ("GET", "/items", items.legacy_multiget),
    ("GET", "/items/bulk", items.bulk),
    ("GET", "/items/{item_id}", items.item),
    ("PUT", "/items/{item_id}", item_changes.put_item),
    ("GET", "/orders/search", orders.search),
    ("GET", "/orders/{order_id}", orders.order),
    ("GET", "/packs/{pack_id:int}", orders.pack),
    ("GET", "/missed_feeds", missed_feeds.missed_feeds),
    *TALK_API,
)
CONTROL: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/authorization", consent.show),
    ("POST", "/authorization", consent.decide),
    ("GET", "/_sim/health", control.health),
    ("GET", "/_sim/app", control.apps),
    ("PUT", "/_sim/app", control.put_app),
    ("GET", "/_sim/sellers", control.sellers),
    ("POST", "/_sim/sellers", control.post_seller),
    ("GET", "/_sim/sellers/{user_id:int}/truth", control.truth),
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
        sender = asyncio.create_task(sim.outbox.run())
        try:
            yield
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            world.store.close()

    routes = [api_route(sim, *line) for line in API] + [control_route(sim, *line) for line in CONTROL]
    app = Starlette(
        routes=[*routes, Route("/{path:path}", _nothing_here, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])],
        lifespan=lifespan,
    )
    app.state.simulator = sim
    return app


async def _nothing_here(_: object) -> JSONResponse:
    body = {"message": "resource not found", "error": "not_found", "status": 404, "cause": []}
    return JSONResponse(body, 404)
