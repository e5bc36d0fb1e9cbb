"""PostgreSQL on RDS: the writer and its read replicas, equal in all that is not their role."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from constructs import Construct

from cdk_app.capacity import DatabaseCapacity
from cdk_app.checks import acknowledge
from cdk_app.logs import retention_of
from cdk_app.profiles import Profile

# RDS Proxy's support of 18 is unconfirmed; row-level security wants 17.6 or newer (CVE-2025-8713).
ENGINE = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_9)
DATABASE_NAME = "painelml"
MASTER_USER = "painelml_master"
PORT = 5432
_BACKUP_WINDOW = "03:00-03:30"
_MAINTENANCE_WINDOW = "sun:04:00-sun:05:00"
_PORT_IS_KNOWN = "Port 5432 is in the architecture page; only security groups of ours reach it."


class Postgres(Construct):
    """`instance` is a Multi-AZ *instance* (a Multi-AZ cluster breaks snapshot isolation); `replicas` serve reads."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        profile: Profile,
        capacity: DatabaseCapacity,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        security_group: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        self._profile, self._capacity = profile, capacity
        self._shared: dict[str, Any] = {
            "vpc": vpc,
            "subnet_group": rds.SubnetGroup(self, "Subnets", description="Isolated", vpc=vpc, vpc_subnets=subnets),
            "security_groups": [security_group],
            "port": PORT,
            "publicly_accessible": False,
            "instance_type": ec2.InstanceType(capacity.instance_class),
            "storage_type": rds.StorageType.GP3,
            "iam_authentication": True,
            "parameter_group": self._build_parameters(),
            "preferred_maintenance_window": _MAINTENANCE_WINDOW,
            "auto_minor_version_upgrade": True,
            "ca_certificate": rds.CaCertificate.RDS_CA_RSA2048_G1,
            "enable_performance_insights": True,
            "performance_insight_retention": rds.PerformanceInsightRetention.DEFAULT,
            "database_insights_mode": rds.DatabaseInsightsMode.STANDARD,
            "cloudwatch_logs_exports": ["postgresql", "upgrade"],
            "cloudwatch_logs_retention": retention_of(profile),
            "deletion_protection": True,
        }
        self.master_secret = rds.DatabaseSecret(self, "Master", username=MASTER_USER, dbname=DATABASE_NAME)
        self.instance = self._build_instance()
        self.replicas = [self._build_replica(number) for number in range(1, capacity.read_replicas + 1)]
        self._acknowledge_log_retention()

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

    def _build_instance(self) -> rds.DatabaseInstance:
        capacity = self._capacity
        instance = rds.DatabaseInstance(
            self,
            "Instance",
            **self._shared,
            engine=ENGINE,
            database_name=DATABASE_NAME,
            credentials=rds.Credentials.from_secret(self.master_secret, MASTER_USER),
            multi_az=capacity.multi_az,
            allocated_storage=capacity.storage_gib,
            storage_encrypted=True,
            backup_retention=cdk.Duration.days(capacity.backup_days),
            preferred_backup_window=_BACKUP_WINDOW,
            copy_tags_to_snapshot=True,
            removal_policy=cdk.RemovalPolicy.SNAPSHOT,
        )
        acknowledge(instance, {"RDS11": _PORT_IS_KNOWN})
        if not capacity.multi_az:
            acknowledge(instance, {"RDS3": "The economy profile is Single-AZ by its own definition (decision 0007)."})
        return instance

    def _build_replica(self, number: int) -> rds.DatabaseInstanceReadReplica:
        replica = rds.DatabaseInstanceReadReplica(
            self,
            f"Replica{number}",
            **self._shared,
            source_database_instance=self.instance,
            removal_policy=cdk.RemovalPolicy.DESTROY,
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

    def _acknowledge_log_retention(self) -> None:
        """CDK's own function that sets the retention of log groups which RDS, not CloudFormation, creates."""
        stack = cdk.Stack.of(self)
        for helper in (child for child in stack.node.children if child.node.id.startswith("LogRetention")):
            acknowledge(
                helper,
                {
                    "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]": (
                        "CDK's helper writes its own log; it runs only while this stack is deployed."
                    ),
                    "IAM5[Resource::*]": ("CDK's helper may only put and delete retention policies; RDS names the log groups."),
                },
            )
