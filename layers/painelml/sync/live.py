"""A copy of an account's sync status in Valkey, for panels that ask again and again (K48: the rows are the truth).

It lives for two seconds and is dropped by whatever changes the rows. Someone who read the rows just before a change may put the
old status back just after it: for those two seconds, at most, that is what is shown (docs/decisions/0051).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from painelml.core.cache import cache, outage, tenant_key
from painelml.core.config import config
from painelml.core.db import TenantSession
from painelml.sync.models import SyncStatus

if TYPE_CHECKING:
    from redis.cluster import RedisCluster

LIFE_SECONDS = 2


def copy_of(session: TenantSession, account_id: UUID) -> SyncStatus | None:
    """The copy, or None where there is none or Valkey is gone."""
    text = _asked(lambda valkey: valkey.get(_key(session, account_id)))
    return SyncStatus.model_validate_json(str(text)) if text else None


def keep(session: TenantSession, account_id: UUID, status: SyncStatus) -> None:
    _asked(lambda valkey: valkey.set(_key(session, account_id), status.model_dump_json(), ex=LIFE_SECONDS))


def forget(session: TenantSession, account_id: UUID) -> None:
    _asked(lambda valkey: valkey.delete(_key(session, account_id)))


def _asked(ask: Callable[[RedisCluster], object]) -> object:
    """Valkey's answer; None without it, which nobody waits for twice."""
    from redis.exceptions import RedisClusterException, RedisError

    if config().cache_url is None or outage.is_on():
        return None
    try:
        return ask(cache())
    except (RedisError, RedisClusterException, OSError) as error:
        outage.begin(type(error).__name__)
        return None


def _key(session: TenantSession, account_id: UUID) -> str:
    return tenant_key(session.tenant_id, "sync", str(account_id))
