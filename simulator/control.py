"""The control API, part one: the application, sellers, switches, the clock and what tests assert on."""

import dataclasses
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from .clock import parse_moment, utc_text
from .errors import bad_request, not_found
from .gateway import Simulator, answer, json_body
from .model import Application, Seller
from .parcels import expect_parcels
from .permissions import LEVELS, NAMES, SCOPES
from .seed import create_seller
from .sites import SITES
from .talk_seed import TALK_BOUNDS, furnish
from .variety import wished

SELLER_BOUNDS = {"items": 100_000, "orders": 100_000, "days": 365}
APP_TYPES: dict[str, tuple[type, ...]] = {
    "client_secret": (str,),
    "name": (str,),
    "redirect_uris": (list,),
    "notifications_url": (str, type(None)),
    "topics": (list,),
    "pkce": (bool,),
    "blocked": (bool,),
    "expires_in": (int,),
    "site_id": (str,),
    "max_requests_per_hour": (int,),
    "scopes": (list,),
    "permissions": (dict,),
    "owner_id": (int, type(None)),
    "owner_pending_kyc": (bool,),
    "block_reason": (str, type(None)),
}


async def health(sim: Simulator, _: Request) -> Response:
    world = sim.world
    return answer(
        {
            "status": "ok",
            "apps": len(world.apps),
            "sellers": len(world.sellers),
            "orders": len(world.orders),
            "notifications_waiting": sim.outbox.waiting,
        }
    )


async def put_app(sim: Simulator, request: Request) -> Response:
    """Register an application, or change the named fields of one; naming `topics` subscribes disabled ones again."""
    body = await json_body(request)
    client_id = str(body.pop("client_id", ""))
    for name, value in body.items():
        if name not in APP_TYPES or not isinstance(value, APP_TYPES[name]):
            raise bad_request(f"{name} is not a field of an application, or has the wrong type")
    if body.get("notifications_url"):
        check_url(body["notifications_url"])
    if not set(body.get("scopes", [])) <= set(SCOPES):
        raise bad_request(f"scopes must be among {', '.join(SCOPES)}")
    permissions = body.get("permissions", {})
    if not set(permissions) <= set(NAMES) or not set(permissions.values()) <= set(LEVELS):
        raise bad_request(f"permissions are {', '.join(NAMES)}, each one of {', '.join(LEVELS)}")
    before = sim.world.apps.get(client_id)
    if not client_id or (before is None and "client_secret" not in body):
        raise bad_request("an application needs client_id and client_secret")
    if before is None:
        app = Application(client_id, **body)
    else:
        app = dataclasses.replace(before, **body)
        if app.client_secret != before.client_secret:
            # Renewing the secret ends the access tokens given under the old one.
            sim.world.drop_access_tokens(client_id)
    if "topics" in body:
        app.disabled_topics = []
    sim.world.save_app(app)
    expect_parcels(sim, list(sim.world.orders.values()))
    return answer(dataclasses.asdict(app))


async def apps(sim: Simulator, _: Request) -> Response:
    return answer({"apps": [dataclasses.asdict(app) for app in sim.world.apps.values()]})


def check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise bad_request(f"{url!r} is not an http or https URL")


async def post_seller(sim: Simulator, request: Request) -> Response:
    body = await json_body(request)
    counts = {}
    for name, most in (SELLER_BOUNDS | TALK_BOUNDS).items():
        value = body.get(name, 90 if name == "days" else 0)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise bad_request(f"{name} must be from 0 to {most}")
        counts[name] = value
    if counts["orders"] and not (counts["items"] and counts["days"]):
        raise bad_request("orders need at least one item and one day")
    if counts["questions"] and not counts["items"]:
        raise bad_request("questions need at least one item")
    if (counts["messages"] and not counts["orders"]) or counts["claims"] > counts["orders"] // 2:
        raise bad_request("messages need at least one order, and each claim at least two")
    if (body.get("site_id") or "MLB") not in SITES:
        raise bad_request(f"site_id must be one of {', '.join(SITES)}")
    operator_of = body.get("operator_of")
    if operator_of is not None and operator_of not in sim.world.sellers:
        raise bad_request("operator_of must be the user_id of a seller")
    seller = create_seller(
        sim.world,
        nickname=body.get("nickname"),
        site_id=body.get("site_id") or "MLB",
        operator_of=operator_of,
        variety=wished(body),
        **{name: counts[name] for name in SELLER_BOUNDS},
    )
    expect_parcels(sim, [sim.world.orders[order_id] for order_id in sim.world.ledger(seller.id).ids()])
    furnish(sim.world, seller, counts, counts["days"])
    return answer(_seller_document(sim, seller), 201)


async def sellers(sim: Simulator, _: Request) -> Response:
    return answer({"sellers": [_seller_document(sim, seller) for seller in sim.world.sellers.values()]})


def _seller_document(sim: Simulator, seller: Seller) -> dict[str, Any]:
    world = sim.world
    return {
        "user_id": seller.id,
        "nickname": seller.nickname,
        "site_id": seller.site_id,
        "operator_of": seller.operator_of,
        "items": len(world.catalogues.get(seller.id, ())),
        "orders": len(world.ledger(seller.id)),
        "questions": len(world.desk.questions_of.get(seller.id, ())),
        "messages": len(world.desk.messages_of.get(seller.id, ())),
        "claims": len(world.desk.claims_of.get(seller.id, ())),
        "granted_to": [client_id for client_id, user_id in world.grants if user_id == seller.id],
    }


def _seller(sim: Simulator, request: Request) -> Seller:
    seller = sim.world.sellers.get(request.path_params["user_id"])
    if seller is None:
        raise not_found("there is no such seller")
    return seller


async def revoke(sim: Simulator, request: Request) -> Response:
    """The seller takes the permission back, from one application (`client_id`) or from all."""
    seller, body = _seller(sim, request), await json_body(request)
    grants = [grant for grant in sim.world.grants.values() if grant.user_id == seller.id]
    if body.get("client_id"):
        grants = [grant for grant in grants if grant.client_id == str(body["client_id"])]
    for grant in grants:
        sim.world.drop_grant(grant)
    return answer({"user_id": seller.id, "revoked": [grant.client_id for grant in grants]})


async def get_chaos(sim: Simulator, _: Request) -> Response:
    return answer(dataclasses.asdict(sim.world.chaos))


async def post_chaos(sim: Simulator, request: Request) -> Response:
    """Set the named switches and leave the others; `{"reset": true}` first puts every one back."""
    body = await json_body(request)
    chaos = sim.world.calm() if body.pop("reset", False) else dataclasses.replace(sim.world.chaos)
    try:
        chaos.change(body)
    except ValueError as error:
        raise bad_request(str(error)) from error
    sim.world.chaos = chaos
    sim.world.save_settings()
    return answer(dataclasses.asdict(chaos))


async def get_clock(sim: Simulator, _: Request) -> Response:
    clock = sim.world.clock
    return answer({"now": utc_text(clock.now_ms()), "now_ms": clock.now_ms(), "offset_seconds": clock.offset_ms / 1000})


async def post_clock(sim: Simulator, request: Request) -> Response:
    """`{"advance_seconds": n}` or `{"set": "2026-11-20T12:00:00Z"}`; retries that become due go out."""
    body, clock = await json_body(request), sim.world.clock
    try:
        if "set" in body:
            clock.set(parse_moment(str(body["set"])))
        else:
            clock.advance(float(body["advance_seconds"]))
    except (KeyError, TypeError, ValueError) as error:
        raise bad_request("the body must have advance_seconds, a number, or set, a date with an offset") from error
    sim.world.save_settings()
    sim.agenda.catch_up()
    sim.outbox.wake()
    return await get_clock(sim, request)


async def tokens(sim: Simulator, request: Request) -> Response:
    """Token calls per account, and whether its refresh token lives; `?values=1` prints the tokens themselves."""
    world, now = sim.world, sim.world.clock.now_ms()
    accounts = []
    for key, calls in world.token_calls.items():
        grant = world.grants.get(key)
        access = [
            one.token for one in world.access_tokens.values() if (one.client_id, one.user_id) == key and one.expires_ms > now
        ]
        account = dataclasses.asdict(calls) | {"granted": grant is not None, "live_access_tokens": len(access)}
        if request.query_params.get("values") in ("1", "true"):
            account |= {"current_refresh_token": grant.refresh_token if grant else None, "access_tokens": access}
        accounts.append(account)
    return answer({"accounts": accounts})


async def requests(sim: Simulator, request: Request) -> Response:
    """Calls of the imitated API since the process started, by route and status, and their peaks.

    `by_class` tells the same per application and class of endpoint, such as `orders read`; `?reset=1` counts afresh
    from here on.
    """
    endpoints: dict[str, dict[str, Any]] = {}
    for (name, status), count in sim.calls.items():
        endpoint = endpoints.setdefault(name, {"count": 0, "by_status": {}})
        endpoint["count"] += count
        endpoint["by_status"][str(status)] = count
    for name, endpoint in endpoints.items():
        peaks = sim.limits.routes[name].document()
        endpoint |= {key: peaks[key] for key in ("peak_per_second", "peak_per_minute")}
    body = {"total": sim.calls.total(), "by_endpoint": endpoints, "by_class": sim.limits.document()}
    if request.query_params.get("reset") in ("1", "true"):
        sim.calls.clear()
        sim.limits.forget()
    return answer(body)


async def reset(sim: Simulator, _: Request) -> Response:
    """Back to an empty world: no application, no sellers, switches off, real time."""
    sim.outbox.clear()
    sim.world.clear()
    sim.calls.clear()
    sim.limits.clear()
    sim.agenda.clear()
    sim.awaited.clear()
    sim.world.save_settings()
    return answer({"status": "reset"})
