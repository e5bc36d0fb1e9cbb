"""Injected faults: every envelope in which Mercado Livre is known to say no."""

import asyncio
import json
import random
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from .permissions import policy_refusal
from .state import World

MESSAGE = "simulated failure"
ERRORS = {
    400: "bad_request",
    401: "unauthorized",
    403: "access_denied",
    404: "not_found",
    409: "conflict",
    429: "too_many_requests",
}


async def fault(world: World, request: Request) -> Response | None:
    """Wait as long as the switches say, and answer the error that they ask for, if any."""
    chaos = world.chaos
    path = request.scope["path"]
    latency = chaos.latency_ms + (chaos.token_latency_ms if path == "/oauth/token" else 0)
    if chaos.latency_jitter_ms:
        latency += random.randrange(chaos.latency_jitter_ms + 1)  # noqa: S311 - a delay, not a secret
    if latency:
        await asyncio.sleep(latency / 1000)
    if not (chaos.error_rate or chaos.error_next) or not path.startswith(chaos.error_prefix):
        return None
    if chaos.error_next:
        chaos.error_next -= 1
    elif random.random() >= chaos.error_rate:  # noqa: S311 - a fault rate, not a secret
        return None
    return render(chaos.error_status, chaos.error_body)


def render(status: int, shape: str) -> Response:
    """An error of this status in this shape."""
    if status == 302:
        return RedirectResponse("/gz/account-verification", 302)
    if shape == "text":
        return PlainTextResponse("local_rate_limited" if status == 429 else "upstream error", status)
    if shape == "html":
        page = f"<html><head><title>{status}</title></head><body><h1>Request blocked.</h1></body></html>"
        return HTMLResponse(page, status)
    body = _body(status, shape)
    if shape == "truncated":
        text = json.dumps(body, separators=(",", ":")).encode()
        return Response(text[: len(text) // 2], status, media_type="application/json")
    return JSONResponse(body, status)


def _body(status: int, shape: str) -> dict[str, Any]:
    error = ERRORS.get(status, "internal_error")
    shapes: dict[str, dict[str, Any]] = {
        "policy": policy_refusal().body | {"status": status},
        "forbidden": {"status": status, "error": "access_denied", "message": MESSAGE, "code": "FORBIDDEN"},
        "status_code": {"status_code": status, "code": error, "message": MESSAGE},
        "cause_text": {"cause": MESSAGE, "error": error, "message": MESSAGE, "status_code": status},
        "cause_list": {"cause": [MESSAGE], "error": error, "message": MESSAGE, "status_code": status},
        "old": {
            "message": "expired_token" if status == 401 else MESSAGE,
            "error": "not_found",
            "status": status,
            "cause": [],
        },
    }
    return shapes.get(shape, {"message": MESSAGE, "error": error, "status": status, "cause": []})
