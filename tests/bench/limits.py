"""What the rate limit adds to a call: one script in Valkey, against one GET of the same client."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

from tests import platform
from tests.bench.result import Result, interleaved_ms

TIMES, GOAL_MS = 3_000, 1.0


def run() -> Iterator[Result]:
    platform.tell(**platform.ENVIRONMENT)
    with platform.cache():
        from painelml.core import rate_limit
        from painelml.core.cache import cache, tenant_key

        tenant_id = uuid4()
        cache().hset(tenant_key(tenant_id, "rate", "limits"), "api", "1000000")
        ours, ping = interleaved_ms(lambda: rate_limit.judge(tenant_id, "api"), lambda: cache().get("nothing"), times=TIMES)
        yield Result(
            name="rate limit",
            what="p50 of one judged call, against one GET of Valkey",
            value=round(ours, 3),
            unit="ms",
            baseline=round(ping, 3),
            ratio=round(ping / ours, 2),
            goal=f"≤ {GOAL_MS:g} ms",
            holds=ours <= GOAL_MS,
        )
