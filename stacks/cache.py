"""Valkey on ElastiCache: always cluster mode, TLS, encrypted, and one user with a password."""

from __future__ import annotations

from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from constructs import Construct

from cdk_app.access import CacheAccess
from cdk_app.base import EnvironmentStack
from cdk_app.cache_users import ENGINE, USER, CacheUsers
from cdk_app.capacity import CacheCapacity
from cdk_app.checks import acknowledge
from cdk_app.environments import Environment
from stacks.network import NetworkStack

PORT = 6379
_VERSION = "8.1"
_PARAMETERS = "default.valkey8.cluster.on"
_SNAPSHOT_AT = "03:30"


class CacheStack(EnvironmentStack):
    """Serverless at its floor, or a replication group, by `capacity`; `access` is the same shape for both."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        capacity: CacheCapacity,
        network: NetworkStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, environment=environment, **kwargs)
        self._environment, self._network = environment, network
        self._users = CacheUsers(self, "Users", prefix=environment.resource_name("cache"))
        self.security_group = self._build_security_group(serverless=capacity.node_type is None)
        subnets = network.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids
        self.cache: elasticache.CfnServerlessCache | elasticache.CfnReplicationGroup
        if capacity.node_type is None:
            self.cache = self._build_serverless(subnets)
            host = self.cache.attr_endpoint_address
        else:
            self.cache = self._build_replication_group(capacity, subnets)
            host = self.cache.attr_configuration_end_point_address
        self.access = CacheAccess(
            url=f"rediss+cluster://{USER}@{host}:{PORT}", secret=self._users.secret, security_group=self.security_group
        )

    def _build_security_group(self, *, serverless: bool) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(self, "SecurityGroup", vpc=self._network.vpc, description="Valkey", allow_all_outbound=False)
        # Serverless serves reads from a replica on the next port.
        ports = ec2.Port.tcp_range(PORT, PORT + 1) if serverless else ec2.Port.tcp(PORT)
        functions = self._network.functions_security_group
        group.add_ingress_rule(functions, ports, "Functions")
        functions.add_egress_rule(group, ports, "Cache", True)
        return group

    def _build_serverless(self, subnets: list[str]) -> elasticache.CfnServerlessCache:
        cache = elasticache.CfnServerlessCache(
            self,
            "Serverless",
            engine=ENGINE,
            major_engine_version=_VERSION.split(".", maxsplit=1)[0],
            serverless_cache_name=self._environment.resource_name("cache"),
            user_group_id=self._users.group_id,
            security_group_ids=[self.security_group.security_group_id],
            subnet_ids=subnets,
            # Caps on the bill, far above the floor that is paid anyway.
            cache_usage_limits=elasticache.CfnServerlessCache.CacheUsageLimitsProperty(
                data_storage=elasticache.CfnServerlessCache.DataStorageProperty(unit="GB", maximum=1),
                ecpu_per_second=elasticache.CfnServerlessCache.ECPUPerSecondProperty(maximum=1000),
            ),
            daily_snapshot_time=_SNAPSHOT_AT,
            snapshot_retention_limit=1,
        )
        cache.apply_removal_policy(RemovalPolicy.DESTROY)  # it holds copies only
        return cache

    def _build_replication_group(self, capacity: CacheCapacity, subnets: list[str]) -> elasticache.CfnReplicationGroup:
        subnet_group = elasticache.CfnSubnetGroup(self, "Subnets", description="Isolated", subnet_ids=subnets)
        group = elasticache.CfnReplicationGroup(
            self,
            "Group",
            replication_group_description="PainelML: copies only",
            engine=ENGINE,
            engine_version=_VERSION,
            cache_node_type=capacity.node_type,
            cluster_mode="enabled",
            cache_parameter_group_name=_PARAMETERS,
            num_node_groups=capacity.shards,
            replicas_per_node_group=capacity.replicas_per_shard,
            automatic_failover_enabled=True,
            multi_az_enabled=True,
            port=PORT,
            cache_subnet_group_name=subnet_group.ref,
            security_group_ids=[self.security_group.security_group_id],
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            at_rest_encryption_enabled=True,
            user_group_ids=[self._users.group_id],
            auto_minor_version_upgrade=True,
            preferred_maintenance_window="sun:04:00-sun:05:00",
            snapshot_window=f"{_SNAPSHOT_AT}-04:30",
            snapshot_retention_limit=1,
        )
        group.apply_removal_policy(RemovalPolicy.DESTROY)  # it holds copies only
        acknowledge(
            group,
            {
                "AEC6": "The user group asks for a user and a password (RBAC), which excludes the older AUTH token.",
            },
        )
        return group
