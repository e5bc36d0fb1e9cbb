"""How big an environment is: frozen profiles of validated capacities (docs/decisions/0007)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cdk_app.capacity import ApiCapacity, CacheCapacity, DatabaseCapacity, Egress, WorkerCapacity


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
