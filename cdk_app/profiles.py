"""How big an environment is: frozen, validated capacity profiles (docs/decisions/0007)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


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
                f"tenant_in_flight is 1 to half of maximum_concurrency ({self.maximum_concurrency}), not {self.tenant_in_flight}: "
                "one tenant must leave workers to the others."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCapacity:
    """Stage throttling (requests a second, burst) and provisioned concurrency of the hot aliases (0 = none)."""

    throttle_rate: int
    throttle_burst: int
    provisioned_min: int = 0
    provisioned_max: int = 0
    provisioned_target: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One column of the profiles table: everything that differs by size and nothing that differs by place."""

    name: str
    database: DatabaseCapacity | None
    cache: CacheCapacity | None
    egress: Egress
    interface_endpoints: bool
    flow_logs: Literal["ALL", "REJECT"]
    workers: WorkerCapacity
    api: ApiCapacity
    waf: bool
    log_retention_days: Literal[7, 14, 30]
    trail: bool
    grouped_secrets: bool
    monthly_budget_usd: int


LOCAL = Profile(
    name="local",
    database=None,
    cache=None,
    egress=Egress.NONE,
    interface_endpoints=False,
    flow_logs="REJECT",
    workers=WorkerCapacity(maximum_concurrency=2, tenant_in_flight=1),
    api=ApiCapacity(throttle_rate=1000, throttle_burst=2000),
    waf=False,
    log_retention_days=7,
    trail=False,
    grouped_secrets=False,
    monthly_budget_usd=0,
)

ECONOMY = Profile(
    name="economy",
    database=DatabaseCapacity(
        instance_class="t4g.micro", storage_gib=20, max_connections=100, multi_az=False, read_replicas=0, proxy=False
    ),
    cache=CacheCapacity(node_type=None),
    egress=Egress.NAT_INSTANCE,
    interface_endpoints=False,
    flow_logs="REJECT",
    workers=WorkerCapacity(maximum_concurrency=2, tenant_in_flight=1),
    api=ApiCapacity(throttle_rate=50, throttle_burst=100),
    waf=False,
    log_retention_days=7,
    trail=False,
    grouped_secrets=True,
    monthly_budget_usd=48,
)

GROWTH = Profile(
    name="growth",
    database=DatabaseCapacity(
        instance_class="t4g.small", storage_gib=50, max_connections=200, multi_az=True, read_replicas=0, proxy=True
    ),
    cache=CacheCapacity(node_type="cache.t4g.small", replicas_per_shard=1),
    egress=Egress.NAT_GATEWAY,
    interface_endpoints=False,
    flow_logs="ALL",
    workers=WorkerCapacity(maximum_concurrency=6, tenant_in_flight=3),
    api=ApiCapacity(throttle_rate=200, throttle_burst=400, provisioned_min=1, provisioned_max=6, provisioned_target=0.65),
    waf=True,
    log_retention_days=14,
    trail=True,
    grouped_secrets=False,
    monthly_budget_usd=190,
)

SCALE = Profile(
    name="scale",
    database=DatabaseCapacity(
        instance_class="r6g.xlarge", storage_gib=500, max_connections=1000, multi_az=True, read_replicas=2, proxy=True
    ),
    cache=CacheCapacity(node_type="cache.r6g.large", shards=1, replicas_per_shard=1),
    egress=Egress.NAT_GATEWAY_PER_AZ,
    interface_endpoints=True,
    flow_logs="ALL",
    workers=WorkerCapacity(maximum_concurrency=10, tenant_in_flight=4),
    api=ApiCapacity(throttle_rate=500, throttle_burst=1000, provisioned_min=2, provisioned_max=20, provisioned_target=0.70),
    waf=True,
    log_retention_days=30,
    trail=True,
    grouped_secrets=False,
    monthly_budget_usd=2100,
)

PROFILES: dict[str, Profile] = {profile.name: profile for profile in (LOCAL, ECONOMY, GROWTH, SCALE)}


def profile_named(name: str) -> Profile:
    """The profile called `name`; raises ValueError listing the valid ones."""
    if name not in PROFILES:
        raise ValueError(f"There is no profile {name!r}. Choose one of: {', '.join(PROFILES)}.")
    return PROFILES[name]
