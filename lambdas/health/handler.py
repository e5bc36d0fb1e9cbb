"""/health says that the function runs; /ready says whether what it needs answers."""

from __future__ import annotations

from typing import Literal

from aws_lambda_powertools.event_handler import Response
from pydantic import BaseModel

from painelml.core.http import entry_point, http_app

State = Literal["ok", "unreachable"]
app = http_app()


class Alive(BaseModel):
    """Always `ok`: an answer is the proof."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """`status` is `ok` when every part is."""

    status: State
    database: State
    cache: State
    queue: State


@app.get("/health")
def health() -> Alive:
    return Alive()


@app.get("/ready")
def ready() -> Response[Readiness]:
    from painelml.core import cache, db, queues

    parts = {name: _state(part.is_reachable()) for name, part in {"database": db, "cache": cache, "queue": queues}.items()}
    whole = _state(set(parts.values()) == {"ok"})
    headers = {"Cache-Control": "no-store"}
    return Response(200 if whole == "ok" else 503, "application/json", Readiness(status=whole, **parts), headers)


def _state(reachable: bool) -> State:
    return "ok" if reachable else "unreachable"


handler = entry_point(app)
