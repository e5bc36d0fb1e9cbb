"""A copy of each access token in Valkey, as the ciphertext that its row holds (K54): never the only one, and gone before the
token ends. Losing it costs a read of the row; a copy that is out of date costs one 401, after which the row is read."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from painelml.core.cache import cache, outage, tenant_key
from painelml.core.clock import now
from painelml.core.config import config

T = TypeVar("T")


def keep(tenant_id: UUID, account_id: UUID, sealed: bytes, *, until: datetime) -> None:
    """Keeps the sealed token until then."""
    seconds = int((until - now()).total_seconds())
    if seconds > 0:
        copy = base64.b64encode(sealed).decode()
        _tried(lambda: cache().set(_key(tenant_id, account_id), copy, ex=seconds))


def read(tenant_id: UUID, account_id: UUID) -> bytes | None:
    """The sealed token, where a copy is held."""
    copy = _tried(lambda: cache().get(_key(tenant_id, account_id)))
    return base64.b64decode(str(copy)) if copy else None


def forget(tenant_id: UUID, account_id: UUID) -> None:
    """After the tokens are deleted. Where Valkey is away the copy ends by itself; nobody asks for it meanwhile."""
    _tried(lambda: cache().delete(_key(tenant_id, account_id)))


def _tried(command: Callable[[], T]) -> T | None:
    from redis.exceptions import RedisClusterException, RedisError

    if config().cache_url is None or outage.is_on():
        return None
    try:
        return command()
    except (RedisError, RedisClusterException, OSError) as error:
        outage.begin(type(error).__name__)
        return None


def _key(tenant_id: UUID, account_id: UUID) -> str:
    return tenant_key(tenant_id, "ml-token", str(account_id))
