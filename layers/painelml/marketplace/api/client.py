"""Mercado Livre's calls with a token in hand. `SellerApi` (seller.py) is the same with one seller's token, kept alive."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from painelml.core.secrets import secret
from painelml.marketplace.api.answers import Answer
from painelml.marketplace.api.transport import POOL, Bearer, Call, send


def application_id() -> int:
    """Our own application's number, which every notification must carry."""
    return int(secret("mercado_livre")["client_id"])


def get(path: str, bearer: Bearer, **params: str | int) -> Answer:
    """GET `path`; raises one of marketplace.errors."""
    return send(Call("GET", path, params), bearer)


def send_all(calls: Sequence[Call], bearer: Bearer) -> list[Answer]:
    """Independent reads at the same time, answers in the order of the calls; the first error wins."""
    if len(calls) < 2:
        return [send(call, bearer) for call in calls]
    return list(_threads().map(lambda call: send(call, bearer), calls))


def revoke(bearer: Bearer) -> None:
    """Takes the seller's permission away from our application: every token of the pair dies."""
    send(Call("DELETE", f"/users/{bearer.seller_id}/applications/{application_id()}"), bearer)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=POOL, thread_name_prefix="mercado-livre")
