"""What every route shares: counting, injected faults, error rendering, and the commit before the answer."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from .clock import DAY, HOUR
from .errors import ApiError, bad_request, forbidden, unauthorized
from .ip_limits import AddressCounts
from .model import AccessToken, Application
from .notifications import Outbox
from .scrolls import Scrolls
from .state import World

# "4 months without any API call by the app" ends a grant, by Mercado Livre's documentation of authorization.
IDLE_LIFE = 120 * DAY


class Simulator:
    """The parts that a route may need: the state, the sender of notifications and the count of calls."""

    def __init__(self, world: World, outbox: Outbox) -> None:
        self.world = world
        self.outbox = outbox
        self.scrolls = Scrolls()
        self.addresses = AddressCounts()
        self.calls: Counter[tuple[str, int]] = Counter()


Handler = Callable[[Simulator, Request], Awaitable[Response]]


def api_route(sim: Simulator, method: str, path: str, handler: Handler) -> Route:
    """A route of the imitated API: counted by template, and subject to the injected faults."""

    async def endpoint(request: Request) -> Response:
        response = await _fault(sim.world, request) or await _answer(sim, handler, request)
        sim.calls[f"{method} {path}", response.status_code] += 1
        return response

    return Route(path, endpoint, methods=[method])


def control_route(sim: Simulator, method: str, path: str, handler: Handler) -> Route:
    """A route of the control API: never faulty, never counted."""

    async def endpoint(request: Request) -> Response:
        return await _answer(sim, handler, request)

    return Route(path, endpoint, methods=[method])


async def _answer(sim: Simulator, handler: Handler, request: Request) -> Response:
    try:
        response = await handler(sim, request)
    except ApiError as error:
        response = error.response()
    sim.world.store.commit()
    return response


async def _fault(world: World, request: Request) -> Response | None:
    chaos = world.chaos
    latency = chaos.latency_ms + (chaos.token_latency_ms if request.url.path == "/oauth/token" else 0)
    if latency:
        await asyncio.sleep(latency / 1000)
    if random.random() >= chaos.error_rate or not request.url.path.startswith(chaos.error_prefix):  # noqa: S311 - a fault rate, not a secret
        return None
    too_many = chaos.error_status == 429
    if chaos.error_body == "text":
        return PlainTextResponse("local_rate_limited" if too_many else "upstream error", chaos.error_status)
    error = "too_many_requests" if too_many else "internal_error"
    response = ApiError(chaos.error_status, error, "simulated failure").response()
    if chaos.error_body == "truncated":
        return Response(response.body[: len(response.body) // 2], chaos.error_status, media_type="application/json")
    return response


def authenticate(sim: Simulator, request: Request) -> AccessToken:
    """The caller behind the bearer token; a token in the query string is not looked at."""
    world = sim.world
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise unauthorized("authorization value not present")
    token = world.access_tokens.get(value.strip())
    now = world.clock.now_ms()
    if token is None or token.expires_ms <= now:
        raise unauthorized("invalid access token")
    grant = world.grants.get((token.client_id, token.user_id))
    if grant is None or now - grant.last_used_ms > IDLE_LIFE:
        raise unauthorized("invalid access token")
    if world.apps[token.client_id].blocked:
        raise ApiError(401, "unauthorized_scopes", "the application is blocked", code="unauthorized_scopes")
    if now - grant.last_used_ms > HOUR:
        grant.last_used_ms = now
        world.save_grant(grant)
    return token


def own_application(sim: Simulator, request: Request, client_id: str) -> tuple[Application, AccessToken]:
    """The application that the bearer token belongs to, which must be the one asked about."""
    token = authenticate(sim, request)
    if token.client_id != client_id:
        raise forbidden("the token belongs to another application")
    return sim.world.apps[client_id], token


def own_user(sim: Simulator, request: Request) -> int:
    """The user named in the path, which must be the token's own."""
    token = authenticate(sim, request)
    if request.path_params["user_id"] != token.user_id:
        raise forbidden("the caller is not the owner of this resource")
    return token.user_id


def whole_number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not text.isdecimal():
        raise bad_request(f"{name} must be a number", f"invalid_{name}")
    return int(text)


async def json_body(request: Request) -> dict[str, Any]:
    """The request's JSON object; an empty body is an empty object."""
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise bad_request("the body is not JSON", "invalid_json") from error
    if not isinstance(body, dict):
        raise bad_request("the body must be a JSON object", "invalid_json")
    return body


async def form_body(request: Request) -> list[tuple[str, str]]:
    """The pairs of an urlencoded form, in order and with repetitions."""
    return parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(body, status, headers)
