"""The control API, part three: sellers and secrets that change, parcels, limits, and what of them really exists."""

import dataclasses
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import DAY, SECOND, utc_text
from .errors import bad_request, not_found
from .gateway import Simulator, answer, json_body
from .parcels import advance_parcel, announce_parcel, move_parcel, parcel
from .shipment_document import history_document
from .shipment_timeline import Shipment
from .stock import Location
from .user_products import change_locations, product_stock

RENEWAL_MOST = 7 * DAY // SECOND
SELLER_TYPES: dict[str, type] = {"pending_kyc": bool, "active": bool, "tags": list, "reputation": dict, "nickname": str}
WIPES = ("password_changed", "session_wiped")


async def post_seller_change(sim: Simulator, request: Request) -> Response:
    """Change a seller; `password_changed` or `session_wiped` end every token that anybody holds of the account."""
    world, body = sim.world, await json_body(request)
    seller = world.sellers.get(request.path_params["user_id"])
    if seller is None:
        raise not_found("there is no such seller")
    for name, value in body.items():
        if name not in WIPES and (name not in SELLER_TYPES or not isinstance(value, SELLER_TYPES[name])):
            raise bad_request(f"{name} is not a field of a seller, or has the wrong type")
    for name in set(body) - set(WIPES):
        setattr(seller, name, body[name])
    world.save_seller(seller)
    wiped = []
    if any(body.get(name) for name in WIPES):
        for grant in [grant for grant in world.grants.values() if grant.user_id == seller.id]:
            world.drop_grant(grant)
            wiped.append(grant.client_id)
    return answer({"user_id": seller.id, "tokens_ended_for": wiped} | {name: getattr(seller, name) for name in SELLER_TYPES})


async def post_secret(sim: Simulator, request: Request) -> Response:
    """Renew an application's secret: at once, or scheduled with both secrets valid until then.

    Now ends the access tokens given under the old one; a scheduled renewal leaves them to their own expiry.
    """
    world, body = sim.world, await json_body(request)
    app = world.apps.get(str(body.get("client_id", "")))
    secret, wait = body.get("new_secret"), body.get("in_seconds", 0)
    if app is None or not isinstance(secret, str) or not secret:
        raise bad_request("client_id must name an application, and new_secret be its new secret")
    if isinstance(wait, bool) or not isinstance(wait, int) or not 0 <= wait <= RENEWAL_MOST:
        raise bad_request(f"in_seconds must be from 0 to {RENEWAL_MOST}, which is seven days")
    app.old_secret, app.client_secret = (app.client_secret if wait else None), secret
    app.old_secret_until_ms = world.clock.now_ms() + wait * SECOND
    if not wait:
        world.drop_access_tokens(app.client_id)
    world.save_app(app)
    return answer(dataclasses.asdict(app))


async def post_shipment(sim: Simulator, request: Request) -> Response:
    """`{"status", "substatus"}` puts the parcel there for good, `{"action": "advance"}` takes its next planned step.

    `{"hold": true}` leaves it where it is; `delays` names the delays it reports.
    """
    shipment, body = parcel(sim.world, request.path_params["shipment_id"]), await json_body(request)
    if shipment is None:
        raise not_found("there is no such shipment")
    delays = body.get("delays", shipment.delays)
    if not isinstance(delays, list) or not all(isinstance(one, str) for one in delays):
        raise bad_request("delays must be a list of words")
    shipment.delays = delays
    if body.get("hold"):
        shipment.steps = shipment.past(sim.world.clock.now_ms())
    if "status" in body:
        move_parcel(sim, shipment, str(body["status"]), body.get("substatus"))
    elif body.get("action") == "advance":
        advance_parcel(sim, shipment)
    else:
        sim.world.save_shipment(shipment)
        announce_parcel(sim, shipment)
    return answer(_shipment(sim, shipment))


def _shipment(sim: Simulator, shipment: Shipment) -> dict[str, Any]:
    now = sim.world.clock.now_ms()
    ahead = [
        {"status": status, "substatus": substatus, "date": utc_text(moment)}
        for moment, status, substatus in shipment.steps
        if moment > now
    ]
    return {"shipment_id": shipment.id, "history": history_document(shipment, now), "planned": ahead}


async def get_shipment(sim: Simulator, request: Request) -> Response:
    """Where a parcel has been and where it is going."""
    shipment = parcel(sim.world, request.path_params["shipment_id"])
    if shipment is None:
        raise not_found("there is no such shipment")
    return answer(_shipment(sim, shipment))


async def post_stock(sim: Simulator, request: Request) -> Response:
    """`{"locations": [{type, quantity, store_id?, network_node_id?}]}`: lay a product's stock out anew."""
    body, product_id = await json_body(request), request.path_params["product_id"]
    stock = product_stock(sim.world, product_id)
    try:
        locations = [Location(**one) for one in body["locations"]]
    except (KeyError, TypeError) as error:
        raise bad_request("locations must be a list of {type, quantity, store_id?, network_node_id?}") from error
    if any(not isinstance(one.quantity, int) or one.quantity < 0 for one in locations):
        raise bad_request("quantity must be zero or more")
    change_locations(sim, stock, locations)
    return answer({"id": stock.id, "version": stock.version, "total": stock.total})


async def get_limits(sim: Simulator, _: Request) -> Response:
    return answer({"rules": sim.limits.rules, "clients": sim.limits.document()})


async def post_limits(sim: Simulator, request: Request) -> Response:
    """`{"orders read": {"requests": 50, "seconds": 1}, "*": null}`; `{"reset": true}` first restores the documented ones."""
    body = await json_body(request)
    if body.pop("reset", False):
        sim.limits.clear()
    try:
        sim.limits.set(body)
    except ValueError as error:
        raise bad_request(str(error)) from error
    return answer({"rules": sim.limits.rules})


ROUTES = (
    ("POST", "/_sim/sellers/{user_id:int}", post_seller_change),
    ("POST", "/_sim/app/secret", post_secret),
    ("GET", "/_sim/shipments/{shipment_id:int}", get_shipment),
    ("POST", "/_sim/shipments/{shipment_id:int}", post_shipment),
    ("POST", "/_sim/user-products/{product_id}/stock", post_stock),
    ("GET", "/_sim/limits", get_limits),
    ("POST", "/_sim/limits", post_limits),
)
