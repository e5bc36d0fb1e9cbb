"""What every route shares: counting, injected faults, error rendering, and the commit before the answer."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .agenda import Agenda
from .clock import DAY, HOUR
from .errors import ApiError, bad_request, forbidden, unauthorized
from .faults import fault
from .ip_limits import AddressCounts
from .limits import Limits, endpoint_class, too_many
from .model import AccessToken, Application
from .notifications import Outbox
from .permissions import permission_of, require_permission, require_scope
from .scrolls import Scrolls
from .state import World

# "4 months without any API call by the app" ends a grant, by Mercado Livre's documentation of authorization.
IDLE_LIFE = 120 * DAY


class Simulator:
    """The parts that a route may need: the state, the sender of notifications and the count of calls."""

    def __init__(self, world: World, outbox: Outbox) -> None:
        self.world = world
        self.outbox = outbox
        self.scrolls: Scrolls[str] = Scrolls()
        self.order_scrolls: Scrolls[int] = Scrolls()
        self.addresses = AddressCounts()
        self.agenda = Agenda(world.clock)
        self.limits = Limits()
        self.being_written: set[str] = set()
        self.awaited: dict[int, int] = {}
        self.reputations: dict[int, tuple[object, dict[str, Any]]] = {}
        self.calls: Counter[tuple[str, int]] = Counter()


Handler = Callable[[Simulator, Request], Awaitable[Response]]


def api_route(sim: Simulator, method: str, path: str, handler: Handler) -> Route:
    """A route of the imitated API: counted by template, limited by class, subject to the injected faults."""
    name, kind, permission = f"{method} {path}", endpoint_class(method, path), permission_of(path)

    async def endpoint(request: Request) -> Response:
        world, limits = sim.world, sim.limits
        client_id, now = await _client_of(world, request), world.clock.now_ms()
        limits.count(client_id, kind, name, now)
        if limits.admits(client_id, kind, now):
            request.scope["permission"] = permission
            response = await fault(world, request) or await _answer(sim, handler, request)
        else:
            response = too_many(world.chaos, kind)
        sim.calls[name, response.status_code] += 1
        limits.consumed[client_id, now // DAY, name, response.status_code] += 1
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


async def _client_of(world: World, request: Request) -> str:
    """The application that calls, as far as it can be told before anything is checked; empty if it cannot."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = world.access_tokens.get(value.strip())
        return token.client_id if token else ""
    if request.scope["path"] == "/oauth/token":
        client_id = dict(await form_body(request)).get("client_id", "")
        return client_id if client_id in world.apps else ""
    return ""


def authenticate(sim: Simulator, request: Request) -> AccessToken:
    """The caller behind the bearer token, allowed to do this; a token in the query string is not looked at."""
    world = sim.world
    body = world.chaos.unauthorized_body
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise unauthorized("authorization value not present", body)
    token = world.access_tokens.get(value.strip())
    now = world.clock.now_ms()
    if token is None or token.expires_ms <= now:
        raise unauthorized("invalid access token", body)
    grant = world.grants.get((token.client_id, token.user_id))
    if grant is None or now - grant.last_used_ms > IDLE_LIFE:
        raise unauthorized("invalid access token", body)
    app, seller = world.apps[token.client_id], world.sellers[token.user_id]
    if app.blocked:
        reason = f"the application is blocked: {app.block_reason or 'NOT_COMPLY_T&C_RULES'}"
        raise ApiError(401, "unauthorized_scopes", reason, code="unauthorized_scopes")
    if app.owner_pending_kyc or seller.pending_kyc:
        raise forbidden("the user has pending documentation: KYC")
    if not seller.active:
        raise forbidden("the user is inactive")
    require_scope(grant.scopes, request.method)
    require_permission(app, request.scope.get("permission"), request.method)
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
