"""How many calls a tenant may make: GCRA in Valkey, one call of one script, by tenant and plan (decision 0033).

Two buckets: `api` for API keys and chat sends, `pages` for people at the panel (K14). A full bucket lets a whole window's calls
through at once and refills evenly: one call every window/limit. Limits come from the tenant's plans and are kept beside the
buckets for a minute. Without Valkey each process gives each tenant a small allowance of its own, and says so in a metric.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal
from uuid import UUID

from painelml.core import metrics
from painelml.core.cache import cache, tenant_key
from painelml.core.caller import Caller
from painelml.core.config import config
from painelml.core.db import home_session
from painelml.core.errors import PainelError, Text
from painelml.core.gcra import ROUNDING, LocalBuckets
from painelml.core.observability import logger
from painelml.core.scripts import Absence, Script

Bucket = Literal["api", "pages"]

WINDOW_SECONDS = 900
MICRO = 1_000_000
LIMITS_KEPT_SECONDS = 60
LOCAL_WINDOW_SECONDS = 60
LOCAL_ALLOWANCE: dict[Bucket, int] = {"api": 10, "pages": 60}
ENTITLEMENTS: dict[str, Bucket] = {"rate_limit_15m": "api", "page_reads_15m": "pages"}

_UNLIMITED, _UNKNOWN = -1, -2
_OWN_LIMITS = "select entitlement, quantity from app.own_limits()"

# KEYS: the bucket, the tenant's limits. ARGV: field of the limits, window in µs, µs of now ('' for the server's clock).
# Answers {allowed, limit, remaining, µs until the bucket is full, µs until the next call}; limit -1 unlimited, -2 not known.
# The bucket holds the theoretical arrival time (TAT) in µs, which a double holds exactly.
SCRIPT = Script("""
local limit = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '-2')
if limit < 0 then return {1, limit, 0, 0, 0} end
local window = tonumber(ARGV[2])
if limit == 0 then return {0, 0, 0, window, window} end
local now
if ARGV[3] == '' then
  local clock = redis.call('TIME')
  now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
else
  now = tonumber(ARGV[3])
end
local interval = math.ceil(window / limit)
local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local after = tat + interval
local burst = interval * limit
if after - now > burst then
  return {0, limit, math.floor((burst - (tat - now)) / interval), tat - now, after - now - burst}
end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
return {1, limit, math.floor((burst - (after - now)) / interval), after - now, 0}
""")
KEEP_SCRIPT = Script("""
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
""")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`limit` calls per window, `remaining` now; seconds until the bucket is full, and until the next call if refused."""

    allowed: bool
    bucket: Bucket
    limit: int
    remaining: int
    reset_seconds: int
    retry_seconds: int
    window_seconds: int

    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers, as of version 10, and the older ones that clients know."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
            "RateLimit-Policy": f'"{self.bucket}";q={self.limit};w={self.window_seconds}',
            "RateLimit": f'"{self.bucket}";r={self.remaining};t={self.reset_seconds}',
        }


class RateLimited(PainelError):
    """`bucket`, `limit` per `window_seconds`, `retry_after` in seconds, `upgrade` (a path of the API)."""

    status = 429
    code = "rate_limited"
    title: ClassVar[Text] = {"pt-BR": "Chamadas demais", "en": "Too many requests"}
    detail: ClassVar[Text] = {
        "pt-BR": "O plano permite {limit} chamadas ({bucket}) a cada {window_seconds} s. Espere {retry_after} s, ou mude de "
        "plano: veja GET {upgrade}. Nada foi gravado.",
        "en": "The plan allows {limit} calls ({bucket}) every {window_seconds} s. Wait {retry_after} s, or change the plan: "
        "see GET {upgrade}. Nothing was written.",
    }

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(
            bucket=verdict.bucket,
            limit=verdict.limit,
            window_seconds=verdict.window_seconds,
            retry_after=verdict.retry_seconds,
            upgrade="/billing/plans",
        )
        self.headers = {"Retry-After": str(verdict.retry_seconds), **verdict.headers()}  # type: ignore[misc]


def bucket_of(event: Mapping[str, Any], caller: Caller) -> Bucket:
    """K14: API keys and chat sends count against the plan's calls, what a person's session does against the page reads."""
    by_key = bool(caller.key_id)
    path = str(event.get("path") or "")
    sends = event.get("httpMethod") == "POST" and "/conversations/" in path and path.endswith("/messages")
    return "api" if by_key or sends else "pages"


def admit(event: Mapping[str, Any], caller: Caller) -> Verdict | None:
    """Counts one call; None where the tenant's plan has no limit. Raises RateLimited."""
    verdict = judge(caller.tenant_id, bucket_of(event, caller))
    if verdict is not None and not verdict.allowed:
        raise RateLimited(verdict)
    return verdict


def judge(tenant_id: UUID, bucket: Bucket, *, now_us: int | None = None) -> Verdict | None:
    """One call of `tenant_id`, in Valkey, or by this process's own allowance while Valkey is gone."""
    from redis.exceptions import RedisClusterException, RedisError

    if config().cache_url is None or _gone.is_set_now():
        return _local.judge(tenant_id, bucket)
    try:
        return _in_valkey(tenant_id, bucket, now_us)
    except (RedisError, RedisClusterException, OSError) as error:
        _gone.begin(type(error).__name__)
        return _local.judge(tenant_id, bucket)


def forget_limits(tenant_id: UUID) -> None:
    """After a change of plan: the next call reads the limits anew. Without Valkey they are read anew within a minute."""
    from redis.exceptions import RedisClusterException, RedisError

    if config().cache_url is None:
        return
    try:
        cache().delete(_limits_key(tenant_id))
    except (RedisError, RedisClusterException, OSError) as error:
        logger.warning("limits not forgotten", extra={"reason": type(error).__name__})


def _in_valkey(tenant_id: UUID, bucket: Bucket, now_us: int | None) -> Verdict | None:
    found = _run(tenant_id, bucket, now_us)
    if found[1] == _UNKNOWN:
        _keep_limits(tenant_id)
        found = _run(tenant_id, bucket, now_us)
    allowed, limit, remaining, reset, retry = found
    if limit in (_UNLIMITED, _UNKNOWN):  # unknown: the limits were forgotten between the two calls
        return None
    return Verdict(bool(allowed), bucket, limit, remaining, _seconds(reset), _seconds(retry), WINDOW_SECONDS)


def _run(tenant_id: UUID, bucket: Bucket, now_us: int | None) -> list[int]:
    keys = [tenant_key(tenant_id, "rate", bucket), _limits_key(tenant_id)]
    found: list[int] = SCRIPT.run(keys, bucket, WINDOW_SECONDS * MICRO, "" if now_us is None else now_us)
    return found


def _keep_limits(tenant_id: UUID) -> None:
    with home_session(tenant_id) as session:
        rows = session.rows(_OWN_LIMITS)
    found = {row["entitlement"]: row["quantity"] for row in rows}
    limits = {bucket: _UNLIMITED if found[name] is None else found[name] for name, bucket in ENTITLEMENTS.items()}
    fields = [part for bucket, limit in limits.items() for part in (bucket, str(limit))]
    KEEP_SCRIPT.run([_limits_key(tenant_id)], LIMITS_KEPT_SECONDS, *fields)


def _limits_key(tenant_id: UUID) -> str:
    return tenant_key(tenant_id, "rate", "limits")


def _seconds(micros: int) -> int:
    return math.ceil(micros / MICRO)


class _Local:
    """GCRA in this process."""

    def __init__(self) -> None:
        self._buckets = LocalBuckets()

    def judge(self, tenant_id: UUID, bucket: Bucket) -> Verdict:
        metrics.count("RateLimitLocal", bucket=bucket)
        limit = LOCAL_ALLOWANCE[bucket]
        interval = LOCAL_WINDOW_SECONDS / limit
        taken = self._buckets.take((tenant_id, bucket), interval=interval, tolerance=LOCAL_WINDOW_SECONDS)
        return Verdict(
            allowed=taken.allowed,
            bucket=bucket,
            limit=limit,
            remaining=max(0, math.floor((LOCAL_WINDOW_SECONDS - taken.ahead) / interval + ROUNDING)),
            reset_seconds=math.ceil(taken.ahead),
            retry_seconds=0 if taken.allowed else max(1, math.ceil(taken.wait)),
            window_seconds=LOCAL_WINDOW_SECONDS,
        )


_gone, _local = Absence("rate limits"), _Local()
