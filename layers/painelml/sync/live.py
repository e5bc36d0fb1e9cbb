"""A copy of an account's sync status in Valkey, for panels that ask again and again (K48: the rows are the truth).

It lives for two seconds and is dropped by whatever changes the rows. Someone who read the rows just before a change may put the
old status back just after it: for those two seconds, at most, that is what is shown.
"""

from __future__ import annotations

from uuid import UUID

from painelml.core.cache import cache, tenant_key
from painelml.core.db import TenantSession
from painelml.core.observability import logger
from painelml.sync.models import SyncStatus

LIFE_SECONDS = 2


def copy_of(session: TenantSession, account_id: UUID) -> SyncStatus | None:
    """The copy, or None where there is none or Valkey is gone."""
    from redis.exceptions import RedisClusterException, RedisError

    try:
        text = cache().get(_key(session, account_id))
    except (RedisError, RedisClusterException) as error:
        logger.warning("sync status read from its rows", extra={"reason": type(error).__name__})
        return None
    return SyncStatus.model_validate_json(str(text)) if text else None


def keep(session: TenantSession, account_id: UUID, status: SyncStatus) -> None:
    from redis.exceptions import RedisClusterException, RedisError

    try:
        cache().set(_key(session, account_id), status.model_dump_json(), ex=LIFE_SECONDS)
    except (RedisError, RedisClusterException) as error:
        logger.warning("sync status kept without its copy", extra={"reason": type(error).__name__})


def forget(session: TenantSession, account_id: UUID) -> None:
    from redis.exceptions import RedisClusterException, RedisError

    try:
        cache().delete(_key(session, account_id))
    except (RedisError, RedisClusterException) as error:
        logger.warning("copy of a sync status not dropped", extra={"reason": type(error).__name__})


def _key(session: TenantSession, account_id: UUID) -> str:
    return tenant_key(session.tenant_id, "sync", str(account_id))
