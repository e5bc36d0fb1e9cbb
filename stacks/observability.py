"""What tells people that something is wrong, and the page they look at then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk_app import alarm_catalogue as catalogue
from cdk_app.alarms import AlarmRow, Alarms, Severity
from cdk_app.base import EnvironmentStack
from cdk_app.environments import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Everything that an environment has and that may go wrong. `functions` are grouped by what they serve.

    `few_alarms`: what economy can pay for (docs/decisions/0007).
    """

    critical_topic: sns.ITopic
    warning_topic: sns.ITopic
    queues: Mapping[str, sqs.IQueue]
    dead_letters: Mapping[str, sqs.IQueue]
    api: apigateway.RestApi
    functions: Mapping[str, Sequence[lambda_.IFunction]] = field(default_factory=dict)
    database: catalogue.WatchedDatabase | None = None
    cache: elasticache.CfnServerlessCache | elasticache.CfnReplicationGroup | None = None
    nat_instances: Sequence[ec2.IInstance] = ()
    few_alarms: bool = False


class ObservabilityStack(EnvironmentStack):
    """Alarms on two topics, and one dashboard."""

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, watched: Watched, **kwargs: Any
    ) -> None:
        super().__init__(scope, construct_id, environment=environment, **kwargs)
        self._watched, self._environment = watched, environment
        Alarms(
            self,
            "Alarms",
            environment=environment,
            topics={Severity.CRITICAL: watched.critical_topic, Severity.WARNING: watched.warning_topic},
            rows=self._rows(),
        )
        cloudwatch.Dashboard(self, "Overview", dashboard_name=environment.resource_name("overview"), widgets=self._widgets())

    def _rows(self) -> list[AlarmRow]:
        watched = self._watched
        return [
            *catalogue.queue_rows(watched.queues, watched.dead_letters, few=watched.few_alarms),
            *catalogue.api_rows(watched.api),
            *catalogue.function_rows(watched.functions),
            *(catalogue.database_rows(watched.database) if watched.database else ()),
            *(catalogue.cache_rows(watched.cache) if watched.cache else ()),
            *catalogue.throttle_rows(self._environment.name),
            *catalogue.topic_rows(self._environment.name),
            *catalogue.nat_instance_rows(watched.nat_instances),
        ]

    def _widgets(self) -> list[list[cloudwatch.IWidget]]:
        watched, api = self._watched, self._watched.api
        queues = [*watched.queues.values()]
        rows = [
            [
                _graph("Requests", api.metric_count()),
                _graph("Latency", *(api.metric_latency(statistic=share) for share in ("p50", "p95", "p99"))),
                _graph("Errors", api.metric_client_error(), api.metric_server_error()),
            ],
            [
                _graph("Messages waiting", *(queue.metric_approximate_number_of_messages_visible() for queue in queues)),
                _graph("Oldest message", *(queue.metric_approximate_age_of_oldest_message() for queue in queues)),
                _graph(
                    "Dead letters",
                    *(queue.metric_approximate_number_of_messages_visible() for queue in watched.dead_letters.values()),
                ),
            ],
        ]
        functions = [function for group in watched.functions.values() for function in group]
        if functions:
            rows.append(
                [
                    _graph("Function errors", *(function.metric_errors() for function in functions)),
                    _graph("Function duration, p95", *(function.metric_duration(statistic="p95") for function in functions)),
                    _graph("Function throttles", *(function.metric_throttles() for function in functions)),
                ]
            )
        if watched.database:
            instance = watched.database.instance
            rows.append(
                [
                    _graph("Database CPU", instance.metric_cpu_utilization()),
                    _graph("Database connections", instance.metric_database_connections()),
                    _graph("Database free storage", instance.metric_free_storage_space()),
                ]
            )
        return rows


def _graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.IWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=8)
