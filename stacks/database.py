"""PostgreSQL on RDS: the instance, its read replicas, the proxy, and who may reach and sign in to them."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from constructs import Construct

from cdk_app.access import DatabaseAccess
from cdk_app.base import EnvironmentStack
from cdk_app.checks import acknowledge
from cdk_app.database_proxy import IamProxy, connect_resource
from cdk_app.environments import Environment
from cdk_app.logs import retention_of
from cdk_app.profiles import DatabaseCapacity, Profile
from stacks.network import NetworkStack

# RDS Proxy's support of 18 is unconfirmed; row-level security wants 17.6 or newer (CVE-2025-8713).
ENGINE = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_9)
DATABASE_NAME = "painelml"
MASTER_USER = "painelml_master"
PORT = 5432
_POSTGRES = ec2.Port.tcp(PORT)
_DAY_OF_ROTATION = cdk.Duration.days(30)
_BACKUP_WINDOW = "03:00-03:30"
_MAINTENANCE_WINDOW = "sun:04:00-sun:05:00"
_PORT_IS_KNOWN = "Port 5432 is in the architecture page; only security groups of ours reach it."


class DatabaseStack(EnvironmentStack):
    """One Multi-AZ *instance* (a Multi-AZ cluster breaks snapshot isolation), replicas for reads, IAM for `app`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        profile: Profile,
        capacity: DatabaseCapacity,
        network: NetworkStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, environment=environment, **kwargs)
        self._profile, self._capacity, self._network = profile, capacity, network
        self._instance_type = ec2.InstanceType(capacity.instance_class)
        self._subnets = rds.SubnetGroup(
            self, "Subnets", description="Isolated", vpc=network.vpc, vpc_subnets=network.isolated_subnets
        )
        self._parameters = self._build_parameters()
        self._master = rds.DatabaseSecret(self, "Master", username=MASTER_USER, dbname=DATABASE_NAME)
        self.security_group = self._build_security_group("Database")
        self._admit(network.functions_security_group, self.security_group, "Migrations, and reads from replicas")
        self.instance = self._build_instance()
        self.replicas = [self._build_replica(number) for number in range(1, capacity.read_replicas + 1)]
        self._rotate_master()
        self.proxy = self._build_proxy() if capacity.proxy else None
        self.access = DatabaseAccess(
            url=f"postgresql://app@{self.proxy.host if self.proxy else self.host}:{self.port}/{DATABASE_NAME}",
            owner_url=f"postgresql://{MASTER_USER}@{self.host}:{self.port}/{DATABASE_NAME}",
            auth="iam",
            owner_secret=self._master,
            connect_role_resource=self._published(
                self.proxy.connect_resource if self.proxy else self._instance_connect_resource
            ),
            security_group=self.proxy.security_group if self.proxy else self.security_group,
        )

    @property
    def host(self) -> str:
        """The writer itself, for what must not go through the proxy."""
        return self.instance.db_instance_endpoint_address

    @property
    def port(self) -> str:
        return str(PORT)

    @property
    def _instance_connect_resource(self) -> str:
        return connect_resource(self, cdk.Token.as_string(self.instance.instance_resource_id))

    def _published(self, connect_resource: str) -> str:
        """An output of its own: another stack may read an output, but not take one apart as this ARN is made."""
        output = cdk.CfnOutput(self, "AppConnectResource", value=connect_resource)
        output.override_logical_id("AppConnectResource")
        return cdk.Fn.get_stack_output(self.stack_name, "AppConnectResource", self.region)

    def _build_parameters(self) -> rds.ParameterGroup:
        parameters = {
            "rds.force_ssl": "1",
            "password_encryption": "scram-sha-256",
            "shared_preload_libraries": "pg_stat_statements",
            "max_connections": str(self._capacity.max_connections),
            # A client that went away in a transaction holds locks and keeps vacuum from cleaning.
            "idle_in_transaction_session_timeout": "30000",
            "log_lock_waits": "1",
            "log_min_duration_statement": "1000",
            "log_statement": "ddl",
        }
        if not self._capacity.proxy:
            # Frozen execution environments keep sockets open; the proxy would do this for us.
            parameters["idle_session_timeout"] = "600000"
        return rds.ParameterGroup(self, "Parameters", engine=ENGINE, parameters=parameters)

    def _build_security_group(self, name: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self, f"{name}SecurityGroup", vpc=self._network.vpc, description=name, allow_all_outbound=False
        )

    def _admit(self, client: ec2.ISecurityGroup, server: ec2.SecurityGroup, why: str) -> None:
        """Both directions are written in this stack: the network stack, which is deployed first, knows neither."""
        server.add_ingress_rule(client, _POSTGRES, why)
        client.add_egress_rule(server, _POSTGRES, why, True)

    def _build_instance(self) -> rds.DatabaseInstance:
        capacity = self._capacity
        instance = rds.DatabaseInstance(
            self,
            "Instance",
            engine=ENGINE,
            instance_type=self._instance_type,
            database_name=DATABASE_NAME,
            credentials=rds.Credentials.from_secret(self._master, MASTER_USER),
            vpc=self._network.vpc,
            subnet_group=self._subnets,
            security_groups=[self.security_group],
            port=PORT,
            multi_az=capacity.multi_az,
            storage_type=rds.StorageType.GP3,
            allocated_storage=capacity.storage_gib,
            storage_encrypted=True,
            iam_authentication=True,
            parameter_group=self._parameters,
            backup_retention=cdk.Duration.days(capacity.backup_days),
            preferred_backup_window=_BACKUP_WINDOW,
            preferred_maintenance_window=_MAINTENANCE_WINDOW,
            copy_tags_to_snapshot=True,
            deletion_protection=True,
            removal_policy=cdk.RemovalPolicy.SNAPSHOT,
            **self._watched(),
        )
        acknowledge(instance, {"RDS11": _PORT_IS_KNOWN})
        if not capacity.multi_az:
            acknowledge(instance, {"RDS3": "The economy profile is Single-AZ by its own definition (decision 0007)."})
        self._acknowledge_log_retention()
        return instance

    def _build_replica(self, number: int) -> rds.DatabaseInstanceReadReplica:
        replica = rds.DatabaseInstanceReadReplica(
            self,
            f"Replica{number}",
            source_database_instance=self.instance,
            instance_type=self._instance_type,
            vpc=self._network.vpc,
            subnet_group=self._subnets,
            security_groups=[self.security_group],
            port=PORT,
            storage_type=rds.StorageType.GP3,
            iam_authentication=True,
            parameter_group=self._parameters,
            preferred_maintenance_window=_MAINTENANCE_WINDOW,
            deletion_protection=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
            **self._watched(),
        )
        acknowledge(
            replica,
            {
                "RDS2": "A replica in the same region inherits its source's encryption; stating it is an error.",
                "RDS3": "The writer is Multi-AZ; losing a replica only slows exports down.",
                "RDS11": _PORT_IS_KNOWN,
            },
        )
        return replica

    def _watched(self) -> dict[str, Any]:
        return {
            "publicly_accessible": False,
            "auto_minor_version_upgrade": True,
            "ca_certificate": rds.CaCertificate.RDS_CA_RSA2048_G1,
            "enable_performance_insights": True,
            "performance_insight_retention": rds.PerformanceInsightRetention.DEFAULT,
            "database_insights_mode": rds.DatabaseInsightsMode.STANDARD,
            "cloudwatch_logs_exports": ["postgresql", "upgrade"],
            "cloudwatch_logs_retention": retention_of(self._profile),
        }

    def _acknowledge_log_retention(self) -> None:
        """CDK's own function that sets the retention of log groups which RDS, not CloudFormation, creates."""
        helpers = [child for child in self.node.children if child.node.id.startswith("LogRetention")]
        for helper in helpers:
            acknowledge(
                helper,
                {
                    "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]": (
                        "CDK's helper writes its own log; it runs only while this stack is deployed."
                    ),
                    "IAM5[Resource::*]": ("CDK's helper may only put and delete retention policies; RDS names the log groups."),
                },
            )

    def _rotate_master(self) -> None:
        """The master alone has a password; role `app` signs in with IAM tokens."""
        group = self._build_security_group("Rotation")
        self._network.allow_https_out(group)
        # The rules between this group and the database are CDK's: an equal one of ours would be refused as a duplicate.
        self.instance.add_rotation_single_user(
            automatically_after=_DAY_OF_ROTATION,
            security_group=group,
            # It calls Secrets Manager: in the instance's own isolated subnets it would hang.
            vpc_subnets=self._network.private_subnets,
        )

    def _build_proxy(self) -> IamProxy:
        proxy = IamProxy(
            self,
            "Proxy",
            instance=self.instance,
            instance_connect_resource=self._instance_connect_resource,
            security_group=self._build_security_group("ProxyDoor"),
            vpc=self._network.vpc,
            subnets=self._network.isolated_subnets,
        )
        self._admit(self._network.functions_security_group, proxy.security_group, "Functions, through the proxy")
        return proxy
