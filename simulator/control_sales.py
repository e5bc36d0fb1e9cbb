"""The control API, part two: orders and items that change, and the notifications that tell of it."""

import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import utc_text
from .control import check_url
from .errors import bad_request, not_found
from .gateway import Simulator, answer, json_body, whole_number
from .item_document import item_document
from .item_state import REVIEWS, item_changed, put_under_review, set_stock
from .model import Delivery, Item, Notification
from .order_actions import announce_order
from .order_changes import change_order, place_orders, take_stock
from .order_document import order_document
from .shipment_timeline import MODES, PLANS
from .user_products import stock_sold

NOTIFY_LIMIT = 1_000
DELIVERIES_LIMIT = 10_000


def known_seller(sim: Simulator, value: Any) -> int:
    if not isinstance(value, int) or value not in sim.world.sellers:
        raise not_found("seller_id must be the user_id of a seller")
    return value


async def post_order(sim: Simulator, request: Request) -> Response:
    """Create one order, take its stock, announce it; `announce: false` keeps quiet."""
    body = await json_body(request)
    order = place_orders(sim, known_seller(sim, body.get("seller_id")), 1, body)[0]
    announced = announce_order(sim, order) if body.get("announce", True) else []
    take_stock(sim, order)
    return answer({"order_id": order.id, "announced": announced, "order": order_document(sim.world, order)}, 201)


async def post_order_change(sim: Simulator, request: Request) -> Response:
    """`{"action": "pay" | "cancel" | …}`: a new update stamp, and a notification unless `announce` is false."""
    body = await json_body(request)
    action = str(body.get("action") or "change")
    order = change_order(sim, request.path_params["order_id"], action, body)
    announced = announce_order(sim, order) if body.get("announce", True) else []
    return answer({"order_id": order.id, "announced": announced, "order": order_document(sim.world, order)})


async def post_item_change(sim: Simulator, request: Request) -> Response:
    """Change an item as its seller would in the site, past the API's rules, and announce it."""
    item: Item | None = sim.world.items.get(request.path_params["item_id"])
    if item is None:
        raise not_found("there is no such item")
    body = await json_body(request)
    price, stock = body.get("price_cents", item.price), body.get("available_quantity", item.available_quantity)
    if not isinstance(price, int) or not isinstance(stock, int) or price < 1 or stock < 0:
        raise bad_request("price_cents and available_quantity must be whole numbers")
    if body.get("moderation", "held") not in REVIEWS:
        raise bad_request(f"moderation must be one of {', '.join(REVIEWS)}")
    if body.get("logistic_type", item.logistic_type) not in PLANS:
        raise bad_request(f"logistic_type must be one of {', '.join(PLANS)}")
    before, item.price = item.price, price
    item.title = str(body.get("title", item.title))
    item.price_automation = bool(body.get("price_automation", item.price_automation))
    item.logistic_type = body.get("logistic_type", item.logistic_type)
    item.mode = MODES.get(item.logistic_type, "me2")
    for variation in item.variations:
        variation.price = price
    set_stock(item, stock)
    if "status" in body:
        item.status, item.sub_status = str(body["status"]), [str(part) for part in body.get("sub_status", [])]
    if "moderation" in body:
        put_under_review(sim, item, body["moderation"])
    sim.world.rendered_orders.clear()
    item_changed(sim, item, price=price != before)
    if "available_quantity" in body:
        stock_sold(sim, item)
    return answer({"item_id": item.id, "item": item_document(item)})


async def notify(sim: Simulator, request: Request) -> Response:
    """Announce a resource again, `times` times, each a notification of its own."""
    body = await json_body(request)
    seller_id = known_seller(sim, body.get("seller_id"))
    topic, resource, times = body.get("topic"), body.get("resource"), body.get("times", 1)
    actions = body.get("actions", [])
    if not isinstance(topic, str) or not isinstance(resource, str):
        raise bad_request("topic and resource are required")
    if not isinstance(actions, list) or not all(isinstance(action, str) for action in actions):
        raise bad_request("actions must be a list of words")
    if not isinstance(times, int) or not 1 <= times <= NOTIFY_LIMIT:
        raise bad_request(f"times must be from 1 to {NOTIFY_LIMIT}")
    announced = [name for _ in range(times) for name in sim.outbox.announce(seller_id, topic, resource, 0, tuple(actions))]
    return answer({"announced": announced}, 202)


async def forge(sim: Simulator, request: Request) -> Response:
    """Post any `body` (an object, or text sent as it is) once, to `url` or to the application's own URL."""
    command = await json_body(request)
    app = next(iter(sim.world.apps.values()), None)
    url = command.get("url") or (app.notifications_url if app else None)
    if not isinstance(url, str) or "body" not in command:
        raise bad_request("a forged notification needs a body, and a url if no application has one")
    check_url(url)
    address = command.get("from_address")
    if address is not None and not str(address).startswith("127."):
        raise bad_request("from_address must be a loopback address, such as 127.0.0.9")
    body, headers = command["body"], {str(k): str(v) for k, v in (command.get("headers") or {}).items()}
    seen = body if isinstance(body, dict) else {}
    user_id = seen.get("user_id")
    notification = Notification(
        id=str(seen.get("_id") or uuid.uuid4()),
        client_id=app.client_id if app else "",
        user_id=user_id if isinstance(user_id, int) else 0,
        topic=str(seen.get("topic", "")),
        resource=str(seen.get("resource", "")),
        received_ms=sim.world.clock.now_ms(),
        due_ms=sim.world.clock.now_ms(),
        attempts=1,
        sent_ms=sim.world.clock.now_ms(),
    )
    return answer(_delivery_document(await sim.outbox.forge(url, body, headers, notification, address)))


async def deliveries(sim: Simulator, request: Request) -> Response:
    """Delivery attempts in the order they ended: the last `limit` that match, or the first ones `after` a `seq`."""
    query = request.query_params
    limit = min(whole_number(request, "limit", 100), DELIVERIES_LIMIT)
    found = list(sim.world.deliveries)
    if order_id := query.get("order_id"):
        found = [one for one in found if one.resource.strip("/") == f"orders/{order_id}"]
    if seller_id := query.get("seller_id"):
        found = [one for one in found if str(one.user_id) == seller_id]
    for name in ("topic", "resource", "outcome", "notification_id"):
        if value := query.get(name):
            found = [one for one in found if getattr(one, name) == value]
    if after := whole_number(request, "after", 0):
        page = [one for one in found if one.seq > after][:limit]
    else:
        page = found[max(len(found) - limit, 0) :]
    return answer(
        {
            "total": len(found),
            "waiting": sim.outbox.waiting,
            "deliveries": [_delivery_document(one) for one in page],
        }
    )


def _delivery_document(delivery: Delivery) -> dict[str, Any]:
    return {
        "seq": delivery.seq,
        "notification_id": delivery.notification_id,
        "application_id": delivery.client_id,
        "user_id": delivery.user_id,
        "topic": delivery.topic,
        "resource": delivery.resource,
        "attempt": delivery.attempt,
        "outcome": delivery.outcome,
        "status": delivery.status,
        "ack_ms": delivery.ack_ms,
        "sent": utc_text(delivery.sent_ms) if delivery.sent_ms else None,
    }
