"""Missed feeds: where a notification ends when its eight attempts found no 200."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import utc_text
from .errors import bad_request, forbidden
from .gateway import Simulator, answer, own_application, whole_number
from .model import MissedFeed
from .notifications import MISSED_LIFE

PAGE = 10


async def missed_feeds(sim: Simulator, request: Request) -> Response:
    """`GET /missed_feeds`: two days back, ten at a time, with the token of any seller that granted the application."""
    query, world = request.query_params, sim.world
    if not query.get("app_id"):
        raise bad_request("the parameter app_id is required")
    app, token = own_application(sim, request, query["app_id"])
    if world.chaos.missed_feeds_owner_only and token.user_id != app.owner_id:
        raise forbidden("the missed feeds are the application owner's")
    topic, site = query.get("topic"), query.get("site_id")
    if topic == "items" and not site:
        raise bad_request("the parameter site_id is required when topic=items")
    offset, limit = whole_number(request, "offset", 0), whole_number(request, "limit", PAGE)
    oldest = world.clock.now_ms() - MISSED_LIFE
    found = [
        missed
        for missed in world.missed.values()
        if missed.notification.client_id == query["app_id"]
        and missed.missed_ms >= oldest
        and topic in (None, "", missed.notification.topic)
        and (not site or world.sellers[missed.notification.user_id].site_id == site)
    ]
    return answer({"messages": [_document(sim, missed) for missed in found[offset : offset + limit]]})


def _document(sim: Simulator, missed: MissedFeed) -> dict[str, Any]:
    notification = missed.notification
    return {
        "_id": notification.id,
        "resource": notification.resource,
        "user_id": notification.user_id,
        "topic": notification.topic,
        "application_id": sim.world.apps[notification.client_id].number,
        "attempts": notification.attempts,
        "sent": utc_text(notification.sent_ms),
        "received": utc_text(notification.received_ms),
        "request": {"url": missed.url, "headers": {"content-type": "application/json"}, "data": missed.data},
        "response": {"req_time": missed.req_time, "http_code": missed.http_code, "body": missed.body, "headers": {}},
    }
