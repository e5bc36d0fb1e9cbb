"""Valkey, always in cluster mode (docs/decisions/0004-valkey.md). It only ever holds copies, so callers survive its loss."""

from __future__ import annotations

import time
from functools import cache as once
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from uuid import UUID

from painelml.core.config import ConfigurationError, config
from painelml.core.observability import logger
from painelml.core.secrets import secret_document

if TYPE_CHECKING:
    from redis.cluster import RedisCluster

OUTAGE_SECONDS = 5
SCHEMES = {"redis+cluster": False, "rediss+cluster": True}


def tenant_key(tenant_id: UUID, *parts: str) -> str:
    """A key of one tenant. The hash tag keeps a tenant's keys on one shard."""
    return ":".join((f"{{{tenant_id}}}", *parts))


class Outage:
    """Remembers for a few seconds that the cache did not answer, so that a dead one does not slow every call."""

    def __init__(self) -> None:
        self._until = 0.0

    def is_on(self) -> bool:
        return time.monotonic() < self._until

    def begin(self, reason: str) -> None:
        self._until = time.monotonic() + OUTAGE_SECONDS
        logger.warning("the cache is away: this process counts by itself", extra={"reason": reason})

    def end(self) -> None:
        """The cache is asked again at once."""
        self._until = 0.0


outage = Outage()


@once
def cache() -> RedisCluster:
    """The client; raises ConfigurationError for a URL that is not a cluster's, redis errors when it cannot be reached."""
    from redis.cluster import RedisCluster
    from redis.exceptions import RedisClusterException

    url = urlsplit(config().require("cache_url"))
    if url.scheme not in SCHEMES or not url.hostname:
        raise ConfigurationError(f"PAINEL_CACHE_URL must start with one of {', '.join(SCHEMES)}:// and name a host.")
    secret_id = config().cache_secret
    password = secret_document(secret_id)["password"] if secret_id else unquote(url.password or "")
    try:
        return RedisCluster(
            host=url.hostname,
            port=url.port or 6379,
            username=url.username,
            password=password or None,
            ssl=SCHEMES[url.scheme],
            decode_responses=True,
            socket_connect_timeout=1,
            socket_timeout=1,
        )
    except RedisClusterException as error:
        if "not enabled" in str(error).lower() or "cluster mode" in str(error).lower():
            raise ConfigurationError(
                "The cache is a standalone server. Start it with cluster-enabled yes and give its one node all slots."
            ) from error
        raise


def is_reachable() -> bool:
    """Whether Valkey answers, for /ready."""
    from redis.exceptions import RedisClusterException, RedisError

    try:
        return bool(cache().ping())
    except (RedisError, RedisClusterException):  # the second is no kind of the first
        return False
