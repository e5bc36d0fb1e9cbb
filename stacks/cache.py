"""Valkey on ElastiCache: always cluster mode, TLS, encrypted, and one user with a password."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from cdk_app.access import CacheAccess
from cdk_app.base import EnvironmentStack
from cdk_app.checks import acknowledge
from cdk_app.environments import Environment
from cdk_app.profiles import CacheCapacity
from stacks.network import NetworkStack

USER = "painelml"
PORT = 6379
_ENGINE = "valkey"
_VERSION = "8.1"
_PARAMETERS = "default.valkey8.cluster.on"
# What a client of copies needs; INFO is marked dangerous but is how a client finds out that it is in a cluster.
_RIGHTS = "on ~* &* +@all -@dangerous +info"
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
        self.secret = self._build_secret()
        self._users = self._build_users()
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
            url=f"rediss+cluster://{USER}@{host}:{PORT}", secret=self.secret, security_group=self.security_group
        )

    def _build_secret(self) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self,
            "Password",
            description="The cache's user",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=f'{{"username": "{USER}"}}',
                generate_string_key="password",
                password_length=64,
                exclude_punctuation=True,
            ),
        )
        acknowledge(
            secret,
            {
                "SMG4": "ElastiCache has no hosted rotation. The cache holds copies only and is reachable from the "
                "functions' security group alone; docs/decisions/0007 says how the password is changed."
            },
        )
        return secret

    def _build_users(self) -> elasticache.CfnUserGroup:
        prefix = self._environment.resource_name("cache")
        password = self.secret.secret_value_from_json("password").unsafe_unwrap()

        def user(construct_id: str, name: str, rights: str) -> elasticache.CfnUser:
            return elasticache.CfnUser(
                self,
                construct_id,
                engine=_ENGINE,
                user_id=f"{prefix}-{name}",
                user_name=name,
                access_string=rights,
                authentication_mode={"Type": "password", "Passwords": [password]},
            )

        # CloudFormation's reference wants a user named default in every group: ours may do nothing.
        users = [user("User", USER, _RIGHTS), user("NobodyByDefault", "default", "off ~* -@all")]
        return elasticache.CfnUserGroup(
            self, "Users", engine=_ENGINE, user_group_id=prefix, user_ids=[user.ref for user in users]
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
        return elasticache.CfnServerlessCache(
            self,
            "Serverless",
            engine=_ENGINE,
            major_engine_version=_VERSION.split(".", maxsplit=1)[0],
            serverless_cache_name=self._environment.resource_name("cache"),
            user_group_id=self._users.ref,
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

    def _build_replication_group(self, capacity: CacheCapacity, subnets: list[str]) -> elasticache.CfnReplicationGroup:
        subnet_group = elasticache.CfnSubnetGroup(self, "Subnets", description="Isolated", subnet_ids=subnets)
        group = elasticache.CfnReplicationGroup(
            self,
            "Group",
            replication_group_description="PainelML: copies only",
            engine=_ENGINE,
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
            user_group_ids=[self._users.ref],
            auto_minor_version_upgrade=True,
            preferred_maintenance_window="sun:04:00-sun:05:00",
            snapshot_window=f"{_SNAPSHOT_AT}-04:30",
            snapshot_retention_limit=1,
        )
        acknowledge(
            group,
            {
                "AEC5": "Port 6379 is in the architecture page; only security groups of ours reach it.",
                "AEC6": "The user group asks for a user and a password (RBAC), which excludes the older AUTH token.",
            },
        )
        return group
