"""Where a tenant's rows are: in the pool, which is `PAINEL_DATABASE_URL`, or in a silo, a database of its own (K09).

The registry is `directory.tenants.placement`. A signed token carries the placement, so that a request of the pool asks nothing;
workers ask once a minute for each tenant. A tenant that is not in the directory is remembered by nobody.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import UUID

from painelml.core.config import config

POOL = "pool-1"
KEEP_SECONDS = 60
MOST = 4096


@dataclass(frozen=True, slots=True)
class Silo:
    """A database of one tenant. `host` and `port` are None on the pool's own server; `secret_id` holds password and keys."""

    id: str
    host: str | None
    port: int | None
    database_name: str
    role_name: str
    secret_id: str


def silo_id(tenant_id: UUID) -> str:
    """A silo is of one tenant, and is called after it."""
    return f"silo-{tenant_id.hex}"


def silo_secret_id(silo: str) -> str:
    """`{PAINEL_PARAMETERS}/silos/{silo}`: `{"database": {"password"}, "jwt": {"current", "keys"}}`."""
    return f"{config().parameters}/silos/{silo}"


class Placements:
    """Silo or None (the pool) by tenant, remembered for a minute, for the 4,096 tenants asked for last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, tuple[float, Silo | None]] = OrderedDict()
        self._lock = Lock()

    def of(self, tenant_id: UUID, look_up: Callable[[UUID], dict[str, Any] | None]) -> Silo | None:
        with self._lock:
            until, silo = self._kept.get(tenant_id, (0.0, None))
            if time.monotonic() < until:
                self._kept.move_to_end(tenant_id)
                return silo
        row = look_up(tenant_id)
        silo = Silo(**row) if row else None
        with self._lock:
            self._kept[tenant_id] = (time.monotonic() + KEEP_SECONDS, silo)
            self._kept.move_to_end(tenant_id)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return silo

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()


placements = Placements()
