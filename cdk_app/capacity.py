"""How big each part can be, validated where it is written down (docs/decisions/0007)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Egress(StrEnum):
    """How functions in private subnets reach the internet."""

    NONE = "none"
    NAT_INSTANCE = "nat-instance"
    NAT_GATEWAY = "nat-gateway"
    NAT_GATEWAY_PER_AZ = "nat-gateway-per-az"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseCapacity:
    """RDS PostgreSQL. `instance_class` is the part after `db.`; storage in GiB.

    `max_connections` is set, not left to RDS's formula: the alarm at 80 % of it is then exact.
    """

    instance_class: str
    storage_gib: int
    max_connections: int
    multi_az: bool
    read_replicas: int
    proxy: bool
    backup_days: int = 7

    def __post_init__(self) -> None:
        if self.read_replicas and not self.multi_az:
            raise ValueError("Read replicas without Multi-AZ: raise multi_az first, it protects the writer that replicas copy.")
        if not 7 <= self.backup_days <= 35:
            raise ValueError(f"backup_days must be 7 to 35 (RDS keeps at most 35), not {self.backup_days}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheCapacity:
    """ElastiCache for Valkey, always in cluster mode. `node_type=None` means Serverless at its 100 MB floor."""

    node_type: str | None
    shards: int = 1
    replicas_per_shard: int = 0

    def __post_init__(self) -> None:
        if self.node_type and not self.replicas_per_shard:
            raise ValueError("Cluster mode fails over by itself, which needs replicas_per_shard of 1 or more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCapacity:
    """Most concurrent invocations of each queue's event source mapping (AWS's floor is 2).

    `tenant_in_flight` is how many pages of one tenant's syncs may be worked on at a time (docs/decisions/0052): at most
    half as many as there are workers, so that the others are there for everyone else.
    """

    maximum_concurrency: int
    tenant_in_flight: int

    def __post_init__(self) -> None:
        if not 2 <= self.maximum_concurrency <= 1000:
            raise ValueError(f"An SQS mapping's maximum concurrency is 2 to 1000, not {self.maximum_concurrency}.")
        if not 1 <= self.tenant_in_flight <= self.maximum_concurrency // 2:
            raise ValueError(
                f"tenant_in_flight is 1 to half of maximum_concurrency ({self.maximum_concurrency}), "
                f"not {self.tenant_in_flight}: one tenant must leave workers to the others."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCapacity:
    """Stage throttling (requests a second, burst) and provisioned concurrency of the hot aliases (0 = none)."""

    throttle_rate: int
    throttle_burst: int
    provisioned_min: int = 0
    provisioned_max: int = 0
    provisioned_target: float = 0.0
