"""How many calls a tenant, and each of its API keys, may make: one call of one script in Valkey, by plan (decision 0033).

Two buckets for a tenant: `api` for API keys and chat sends, `pages` for people at the panel (K14); and one for each key that
was given a limit of its own (K33), which it cannot pass while the plan still has room. Limits come from the tenant's plans and
are kept beside the buckets for a minute. Without Valkey each process gives each tenant a small allowance of its own, and says
so in a metric.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from painelml.core import metrics
from painelml.core.cache import cache, outage, tenant_key
from painelml.core.caller import Caller
from painelml.core.config import config
from painelml.core.db import home_session
from painelml.core.errors import PainelError, Text
from painelml.core.gcra import LOCAL_WINDOW_SECONDS, SCRIPT, UNKNOWN, UNLIMITED, Bucket, InProcess, Verdict
from painelml.core.observability import logger
from painelml.core.scripts import Script

WINDOW_SECONDS = 900
MICRO = 1_000_000
LIMITS_KEPT_SECONDS = 60
LOCAL_ALLOWANCE: dict[Bucket, int] = {"api": 10, "pages": 60}
"""Calls a minute that each process gives each tenant while Valkey is away."""
ENTITLEMENTS: dict[str, Bucket] = {"rate_limit_15m": "api", "page_reads_15m": "pages"}

_OWN_LIMITS = "select entitlement, quantity from app.own_limits()"
COUNT_SCRIPT = Script(SCRIPT)
KEEP_SCRIPT = Script("""
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
""")


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
    upgrade: ClassVar[str] = "/billing/plans"

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(
            bucket=verdict.bucket,
            limit=verdict.limit,
            window_seconds=verdict.window_seconds,
            retry_after=verdict.retry_seconds,
            upgrade=self.upgrade,
        )
        self.headers = {"Retry-After": str(verdict.retry_seconds), **verdict.headers()}  # type: ignore[misc]


class KeyRateLimited(RateLimited):
    """The same for an API key that has used up its own limit."""

    detail: ClassVar[Text] = {
        "pt-BR": "Esta chave de API pode fazer {limit} chamadas a cada {window_seconds} s. Espere {retry_after} s, ou crie "
        "outra com limite maior: POST {upgrade}. Nada foi gravado.",
        "en": "This API key may make {limit} calls every {window_seconds} s. Wait {retry_after} s, or make another with a "
        "larger limit: POST {upgrade}. Nothing was written.",
    }
    upgrade: ClassVar[str] = "/api-keys"


def bucket_of(event: Mapping[str, Any], caller: Caller) -> Bucket:
    """K14: API keys and chat sends count against the plan's calls, what a person's session does against the page reads."""
    by_key = bool(caller.key_id)
    path = str(event.get("path") or "")
    sends = event.get("httpMethod") == "POST" and "/conversations/" in path and path.endswith("/messages")
    return "api" if by_key or sends else "pages"


def admit(event: Mapping[str, Any], caller: Caller) -> Verdict | None:
    """Counts one call; None where neither the tenant's plan nor the key has a limit. Raises RateLimited, KeyRateLimited."""
    verdict = judge(caller.tenant_id, bucket_of(event, caller), key_id=caller.key_id, key_limit=caller.key_limit)
    if verdict is not None and not verdict.allowed:
        raise (KeyRateLimited if verdict.bucket == "key" else RateLimited)(verdict)
    return verdict


def judge(
    tenant_id: UUID, bucket: Bucket, *, key_id: str = "", key_limit: int = 0, now_us: int | None = None
) -> Verdict | None:
    """One call of `tenant_id`, in Valkey, or by this process's own allowance while Valkey is gone.

    `key_limit` is what the key `key_id` may call in a window, 0 where it has no limit of its own.
    """
    from redis.exceptions import RedisClusterException, RedisError

    if config().cache_url is None or outage.is_on():
        return _in_process(tenant_id, bucket, key_id, key_limit)
    try:
        return _in_valkey(tenant_id, bucket, key_id, key_limit, now_us)
    except (RedisError, RedisClusterException, OSError) as error:
        outage.begin(type(error).__name__)
        return _in_process(tenant_id, bucket, key_id, key_limit)


def forget_limits(tenant_id: UUID) -> None:
    """After a change of plan: the next call reads the limits anew. Without Valkey they are read anew within a minute."""
    from redis.exceptions import RedisClusterException, RedisError

    if config().cache_url is None:
        return
    try:
        cache().delete(_limits_key(tenant_id))
    except (RedisError, RedisClusterException, OSError) as error:
        logger.warning("limits not forgotten", extra={"reason": type(error).__name__})


def _in_valkey(tenant_id: UUID, bucket: Bucket, key_id: str, key_limit: int, now_us: int | None) -> Verdict | None:
    found = _run(tenant_id, bucket, key_id, key_limit, now_us)
    if found[2] == UNKNOWN:
        _keep_limits(tenant_id)
        found = _run(tenant_id, bucket, key_id, key_limit, now_us)
    allowed, by_key, limit, remaining, reset, retry = found
    if limit in (UNLIMITED, UNKNOWN):  # unknown: the limits were forgotten between the two calls
        return None
    tightest: Bucket = "key" if by_key else bucket
    return Verdict(bool(allowed), tightest, limit, remaining, _seconds(reset), _seconds(retry), WINDOW_SECONDS)


def _run(tenant_id: UUID, bucket: Bucket, key_id: str, key_limit: int, now_us: int | None) -> list[int]:
    keys = [tenant_key(tenant_id, "rate", bucket), _limits_key(tenant_id), tenant_key(tenant_id, "rate", "key", key_id)]
    given = (bucket, WINDOW_SECONDS * MICRO, "" if now_us is None else now_us, key_limit or "")
    found: list[int] = COUNT_SCRIPT.run(keys, *given)
    return found


def _keep_limits(tenant_id: UUID) -> None:
    with home_session(tenant_id) as session:
        rows = session.rows(_OWN_LIMITS)
    found = {row["entitlement"]: row["quantity"] for row in rows}
    limits = {bucket: UNLIMITED if found[name] is None else found[name] for name, bucket in ENTITLEMENTS.items()}
    fields = [part for bucket, limit in limits.items() for part in (bucket, str(limit))]
    KEEP_SCRIPT.run([_limits_key(tenant_id)], LIMITS_KEPT_SECONDS, *fields)


def _in_process(tenant_id: UUID, bucket: Bucket, key_id: str, key_limit: int) -> Verdict:
    metrics.count("RateLimitLocal", bucket=bucket)
    tenants = ((tenant_id, bucket), bucket, LOCAL_ALLOWANCE[bucket])
    if not key_limit:
        return _local.judge(tenants)
    share = max(1, key_limit * LOCAL_WINDOW_SECONDS // WINDOW_SECONDS)
    return _local.judge(tenants, ((tenant_id, key_id), "key", share))


def _limits_key(tenant_id: UUID) -> str:
    return tenant_key(tenant_id, "rate", "limits")


def _seconds(micros: int) -> int:
    return math.ceil(micros / MICRO)


_local = InProcess()
