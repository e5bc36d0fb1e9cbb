"""Database, cache, and the way out of the network: whether what the work stands on is well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_rds as rds

from cdk_app.alarms import AlarmRow, Missing, Severity

_MINUTE, _FIVE_MINUTES = Duration.minutes(1), Duration.minutes(5)
_GIB = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedDatabase:
    """`max_connections` and `storage_gib` are what the thresholds are shares of."""

    instance: rds.IDatabaseInstance
    max_connections: int
    storage_gib: int
    proxy_name: str | None


def database_rows(database: WatchedDatabase) -> list[AlarmRow]:
    """CPU, room and connections; the documents' 2 GB free is the floor, a tenth of a larger disk the rule."""
    instance = database.instance
    rows = [
        AlarmRow(
            name="database-cpu",
            why="The database is over 85 % CPU for 5 minutes, or says nothing at all.",
            metric=instance.metric_cpu_utilization(period=_MINUTE, statistic="Average"),
            severity=Severity.WARNING,
            above=85,
            periods=5,
            missing=Missing.BAD,
        ),
        AlarmRow(
            name="database-storage",
            why="The database's disk is nearly full: raise storage_gib in the profile.",
            metric=instance.metric_free_storage_space(period=_FIVE_MINUTES, statistic="Minimum"),
            severity=Severity.WARNING,
            below=max(2, database.storage_gib // 10) * _GIB,
        ),
        AlarmRow(
            name="database-connections",
            why="Over 80 % of max_connections are in use: new callers are about to be refused.",
            metric=instance.metric_database_connections(period=_MINUTE, statistic="Maximum"),
            severity=Severity.CRITICAL,
            above=0.8 * database.max_connections,
            periods=5,
        ),
    ]
    if database.proxy_name:
        pinned = cloudwatch.Metric(
            namespace="AWS/RDS",
            metric_name="DatabaseConnectionsCurrentlySessionPinned",
            dimensions_map={"ProxyName": database.proxy_name},
            period=_MINUTE,
            statistic="Maximum",
        )
        rows.append(
            AlarmRow(
                name="proxy-pinned-connections",
                why="The proxy cannot share connections: a statement pins them (K49).",
                metric=pinned,
                severity=Severity.WARNING,
                above=0,
                periods=5,
            )
        )
    return rows


def cache_rows(cache: elasticache.CfnServerlessCache | elasticache.CfnReplicationGroup) -> list[AlarmRow]:
    """Room in the cache. It holds copies only, so a full one costs speed."""
    if isinstance(cache, elasticache.CfnServerlessCache):
        metric, dimensions, above = "BytesUsedForCache", {"clusterId": cache.ref}, 0.8 * _GIB
    else:
        metric, dimensions, above = "DatabaseMemoryUsagePercentage", {"ReplicationGroupId": cache.ref}, 80.0
    return [
        AlarmRow(
            name="cache-memory",
            why="The cache is over 80 % full: it will drop copies that are still wanted.",
            metric=cloudwatch.Metric(
                namespace="AWS/ElastiCache",
                metric_name=metric,
                dimensions_map=dimensions,
                period=_FIVE_MINUTES,
                statistic="Maximum",
            ),
            severity=Severity.WARNING,
            above=above,
            periods=3,
        )
    ]


def throttle_rows(environment_name: str) -> list[AlarmRow]:
    """Logins go on without the cache, but each process forgives a third of the guesses that all together should (0022)."""
    return [
        AlarmRow(
            name="throttle-local",
            why="The cache does not answer: guessing at passwords is slowed by each process alone. Bring the cache back.",
            metric=cloudwatch.Metric(
                namespace=f"PainelML/{environment_name}",
                metric_name="ThrottleLocal",
                period=_FIVE_MINUTES,
                statistic="Sum",
            ),
            severity=Severity.CRITICAL,
            above=5,
        )
    ]


def nat_instance_rows(instances: Sequence[ec2.IInstance]) -> list[AlarmRow]:
    """The only way out of economy's private subnets: moved to another host, or started again, without a person."""
    # Not equally long: recovering and rebooting at once would get in each other's way.
    checks = {
        "host": ("StatusCheckFailed_System", 2, actions.Ec2InstanceAction.RECOVER),
        "system": ("StatusCheckFailed_Instance", 3, actions.Ec2InstanceAction.REBOOT),
    }
    return [
        AlarmRow(
            name=f"nat-instance-{number}-{what}",
            why=f"The NAT instance's {what} fails its checks; AWS was told to {remedy.value.lower()} it.",
            metric=cloudwatch.Metric(
                namespace="AWS/EC2",
                metric_name=metric,
                dimensions_map={"InstanceId": instance.instance_id},
                period=_MINUTE,
                statistic="Maximum",
            ),
            severity=Severity.CRITICAL,
            above=0,
            periods=minutes,
            remedy=remedy,
        )
        for number, instance in enumerate(instances, start=1)
        for what, (metric, minutes, remedy) in checks.items()
    ]
