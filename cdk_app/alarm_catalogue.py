"""The rows of the alarm catalogue, by what is watched. Economy pays for at most 20 (tests/infra holds it to that)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_rds as rds
from aws_cdk import aws_sqs as sqs

from cdk_app.alarms import AlarmRow, Missing, Severity

_MINUTE, _FIVE_MINUTES = Duration.minutes(1), Duration.minutes(5)
_GIB = 1024**3
_MOST_METRICS_IN_MATH = 10
_OLDEST_MESSAGE_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedDatabase:
    """`max_connections` and `storage_gib` are what the thresholds are shares of."""

    instance: rds.IDatabaseInstance
    max_connections: int
    storage_gib: int
    proxy_name: str | None


def queue_rows(queues: Mapping[str, sqs.IQueue], dead_letters: Mapping[str, sqs.IQueue], *, few: bool) -> list[AlarmRow]:
    """A dead letter is a customer's event that nobody will apply unless a person acts. `few`: one alarm for all of them."""
    dead = {
        name: queue.metric_approximate_number_of_messages_visible(period=_MINUTE, statistic="Maximum")
        for name, queue in dead_letters.items()
    }
    counted: dict[str, cloudwatch.IMetric] = {"all": _sum([*dead.values()], "Dead letters", _MINUTE)} if few else {**dead}
    return [
        *(
            AlarmRow(
                name=f"{name}-dead-letters",
                why=f"Messages ({name}) failed for good. Look at them, mend the cause, send them again.",
                metric=metric,
                severity=Severity.WARNING,
                above=0,
            )
            for name, metric in counted.items()
        ),
        *(
            AlarmRow(
                name=f"{name}-oldest-message",
                why=f"The oldest message of {name} waits for over 15 minutes: its worker fails or cannot keep up.",
                metric=queue.metric_approximate_age_of_oldest_message(period=_FIVE_MINUTES, statistic="Maximum"),
                severity=Severity.WARNING,
                above=_OLDEST_MESSAGE_SECONDS,
            )
            for name, queue in queues.items()
        ),
    ]


def api_rows(api: apigateway.RestApi) -> list[AlarmRow]:
    """The same share of errors warns after two minutes and wakes someone after five (K18)."""
    rate = api.metric_server_error(period=_MINUTE, statistic="Average")
    return [
        AlarmRow(
            name=f"api-errors-{severity}",
            why=f"Over 5 % of the API's answers are 5xx for {minutes} minutes.",
            metric=rate,
            severity=severity,
            above=0.05,
            periods=minutes,
        )
        for severity, minutes in ((Severity.WARNING, 2), (Severity.CRITICAL, 5))
    ]


def function_rows(groups: Mapping[str, Sequence[lambda_.IFunction]]) -> list[AlarmRow]:
    """One alarm for a group of functions: one for each function would cost more than it tells.

    An alarm adds up ten metrics at most, so a larger group is watched in parts: `api`, `api-2`.
    """
    rows: list[AlarmRow] = []
    for group, functions in _parts(groups):
        errors = [function.metric_errors(period=_FIVE_MINUTES, statistic="Sum") for function in functions]
        rows.append(
            AlarmRow(
                name=f"{group}-function-errors",
                why=f"Functions of {group} ended with an uncaught error or timed out over 5 times in 5 minutes.",
                metric=_sum(errors, f"Errors of {group}"),
                severity=Severity.WARNING,
                above=5,
            )
        )
    rows.append(
        AlarmRow(
            name="function-throttles",
            why="Functions were refused for lack of concurrency, which all of the account share: check its quota.",
            metric=lambda_.Function.metric_all_throttles(period=_FIVE_MINUTES, statistic="Sum"),
            severity=Severity.WARNING,
            above=10,
        )
    )
    return rows


def _parts(groups: Mapping[str, Sequence[lambda_.IFunction]]) -> Iterator[tuple[str, Sequence[lambda_.IFunction]]]:
    for group, functions in groups.items():
        for start in range(0, len(functions), _MOST_METRICS_IN_MATH):
            name = f"{group}-{start // _MOST_METRICS_IN_MATH + 1}" if start else group
            yield name, functions[start : start + _MOST_METRICS_IN_MATH]


def _sum(metrics: Sequence[cloudwatch.IMetric], label: str, period: Duration = _FIVE_MINUTES) -> cloudwatch.MathExpression:
    return cloudwatch.MathExpression(
        expression="SUM(METRICS())",
        using_metrics={f"m{number}": metric for number, metric in enumerate(metrics)},
        label=label,
        period=period,
    )


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
