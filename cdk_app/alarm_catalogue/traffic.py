"""Queues, the API and functions: whether work gets done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

from cdk_app.alarms import AlarmRow, Severity

_MINUTE, _FIVE_MINUTES = Duration.minutes(1), Duration.minutes(5)
_SWEEP = Duration.minutes(15)  # the pace of missed_feeds, which counts the silent topics
_MOST_METRICS_IN_MATH = 10
_OLDEST_MESSAGE_SECONDS = 15 * 60


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


def topic_rows(environment_name: str) -> list[AlarmRow]:
    """Mercado Livre switches a topic off without a word, and stores nothing of that time (docs/runbooks/topic-disabled.md)."""
    return [
        AlarmRow(
            name="topics-silent",
            why="A topic of Mercado Livre that spoke before says nothing any more: see docs/runbooks/topic-disabled.md.",
            metric=cloudwatch.Metric(
                namespace=f"PainelML/{environment_name}", metric_name="TopicsSilent", period=_SWEEP, statistic="Maximum"
            ),
            severity=Severity.WARNING,
            above=0,
            periods=2,
        )
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
