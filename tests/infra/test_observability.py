"""Alarms that reach someone, thresholds that say what they say, and economy's limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from cdk_app.alarms import AlarmRow, Severity
from painelml.core import metrics
from painelml.core.config import config
from tests.infra.conftest import DEFAULTS
from tests.infra.synthesis import Resource, Synthesis


def _alarms(synthesis: Synthesis) -> dict[str, Resource]:
    prefix = synthesis.environment.resource_name("")
    return {
        alarm.properties["AlarmName"].removeprefix(prefix): alarm for alarm in synthesis.resources("AWS::CloudWatch::Alarm")
    }


def _is_alarm(alarm: Resource, series: Sequence[float | None]) -> bool:
    """Whether CloudWatch would be in ALARM after `series`, one value a period, None for no data."""
    properties = alarm.properties
    compare: dict[str, Callable[[float], bool]] = {
        "GreaterThanThreshold": lambda value: value > properties["Threshold"],
        "LessThanThreshold": lambda value: value < properties["Threshold"],
    }
    missing = {"breaching": True, "notBreaching": False}[properties["TreatMissingData"]]
    breaches = [
        missing if value is None else compare[properties["ComparisonOperator"]](value)
        for value in series[-properties["EvaluationPeriods"] :]
    ]
    return sum(breaches) >= int(properties["DatapointsToAlarm"])


@pytest.mark.req("A035", "A129")
def test_every_alarm_reaches_a_topic_and_says_what_no_data_means(any_pair: Synthesis) -> None:
    alarms = list(any_pair.resources("AWS::CloudWatch::Alarm"))
    assert alarms
    for alarm in alarms:
        if alarm.stack != "observability":
            assert "TargetTracking" in str(alarm.properties) or alarm.properties["AlarmActions"]
            continue
        topics = [
            any_pair.resource_at(alarm.stack, action) for action in alarm.properties["AlarmActions"] if isinstance(action, dict)
        ]
        assert [topic.type for topic in topics] == ["AWS::SNS::Topic"], alarm.logical_id
        wanted = "Critical" if alarm.properties["AlarmDescription"].startswith("CRITICAL") else "Warning"
        assert topics[0].logical_id.startswith(wanted)
        assert alarm.properties["TreatMissingData"] in {"breaching", "notBreaching"}


def test_every_queue_that_ends_in_a_dead_letter_queue_is_watched(any_pair: Synthesis) -> None:
    dead_letters = {
        any_pair.target(queue.stack, queue.properties["RedrivePolicy"]["deadLetterTargetArn"])[1]
        for queue in any_pair.resources("AWS::SQS::Queue")
        if "RedrivePolicy" in queue.properties
    }
    watched = set()
    for alarm in _alarms(any_pair).values():
        parts = [part["MetricStat"]["Metric"] for part in alarm.properties.get("Metrics", []) if "MetricStat" in part]
        for metric in parts or [alarm.properties]:
            if metric["MetricName"] == "ApproximateNumberOfMessagesVisible":
                (dimension,) = metric["Dimensions"]
                watched.add(any_pair.target("observability", dimension["Value"])[1])
    assert len(dead_letters) == 4
    assert dead_letters <= watched


def test_economy_stays_within_what_it_can_pay_for(economy: Synthesis) -> None:
    assert len(_alarms(economy)) <= 20
    assert len(list(economy.resources("AWS::CloudWatch::Dashboard"))) <= 3
    assert len(list(economy.resources("AWS::SecretsManager::Secret"))) <= 4
    assert not list(economy.resources("AWS::KMS::Key"))
    interface = [
        endpoint
        for endpoint in economy.resources("AWS::EC2::VPCEndpoint")
        if endpoint.properties["VpcEndpointType"] == "Interface"
    ]
    assert not interface


@pytest.mark.parametrize("pair", DEFAULTS)
def test_metric_math_adds_up_at_most_ten_metrics_and_forgets_no_function(
    synthesis_of: Callable[[str], Synthesis], pair: str
) -> None:
    synthesis = synthesis_of(pair)
    summed = set()
    for alarm in _alarms(synthesis).values():
        parts = [each for each in alarm.properties.get("Metrics", []) if "MetricStat" in each]
        assert len(parts) <= 10, alarm.logical_id
        for part in parts:
            if part["MetricStat"]["Metric"]["MetricName"] == "Errors":
                (dimension,) = part["MetricStat"]["Metric"]["Dimensions"]
                summed.add(synthesis.target("observability", dimension["Value"]))
    ours = {
        (function.stack, function.logical_id)
        for part in ("api", "jobs")
        for function in synthesis.resources("AWS::Lambda::Function", stack=part)
    }
    assert summed == ours


@pytest.mark.req("A126", "C108")
@pytest.mark.parametrize(
    ("name", "series", "alarm"),
    [
        ("webhooks-dead-letters", [1.0], True),
        ("webhooks-dead-letters", [0.0], False),
        ("webhooks-dead-letters", [None], False),
        ("jobs-oldest-message", [901.0], True),
        ("jobs-oldest-message", [900.0], False),
        ("topics-silent", [1.0, 2.0], True),
        ("topics-silent", [1.0, 0.0], False),
        ("topics-silent", [None, None], False),
        ("api-errors-warning", [0.06, 0.06], True),
        ("api-errors-warning", [0.06, 0.04], False),
        ("api-errors-critical", [0.06] * 5, True),
        ("api-errors-critical", [0.06] * 4 + [None], False),
        ("database-cpu", [86.0] * 5, True),
        ("database-cpu", [None] * 5, True),
        ("database-cpu", [84.0] * 5, False),
        ("database-storage", [51 * 2**30], False),
        ("database-storage", [49 * 2**30], True),
        ("database-connections", [801.0] * 5, True),
        ("database-connections", [800.0] * 5, False),
        ("proxy-pinned-connections", [1.0] * 5, True),
        ("proxy-pinned-connections", [1.0, 0.0, 1.0, 1.0, 1.0], False),
        ("cache-memory", [81.0] * 3, True),
        ("throttle-local", [6.0], True),
        ("throttle-local", [5.0], False),
        ("throttle-local", [None], False),
    ],
)
def test_thresholds(prod: Synthesis, name: str, series: list[float | None], alarm: bool) -> None:
    assert _is_alarm(_alarms(prod)[name], series) is alarm


@pytest.mark.req("A128", "C048", "C049", "C100", "C111", "C112")
def test_economys_database_has_the_documents_numbers(economy: Synthesis) -> None:
    alarms = _alarms(economy)
    assert alarms["database-cpu"].properties["Threshold"] == 85
    assert alarms["database-storage"].properties["Threshold"] == 2 * 2**30
    assert alarms["database-connections"].properties["Threshold"] == 80


@pytest.mark.req("C108")
def test_the_throttles_alarm_watches_the_very_metric_that_functions_log(
    any_pair: Synthesis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The templates cannot import the library, so the name stands twice. That it is logged: test_account_self.py."""
    monkeypatch.setenv("PAINEL_ENV", any_pair.environment.name)
    config.cache_clear()
    try:
        metrics.count("ThrottleLocal")
    finally:
        monkeypatch.undo()
        config.cache_clear()
    (told,) = json.loads(capsys.readouterr().out)["_aws"]["CloudWatchMetrics"]
    watched = _alarms(any_pair)["throttle-local"].properties
    assert (watched["Namespace"], watched["MetricName"]) == (told["Namespace"], told["Metrics"][0]["Name"])
    assert (told["Dimensions"], "Dimensions" in watched) == ([[]], False)


def test_the_nat_instance_is_brought_back_without_a_person(economy: Synthesis) -> None:
    alarms = _alarms(economy)
    for name, remedy, minutes in (("host", "recover", 2), ("system", "reboot", 3)):
        properties: dict[str, Any] = dict(alarms[f"nat-instance-1-{name}"].properties)
        assert f"arn:aws:automate:us-east-1:ec2:{remedy}" in properties["AlarmActions"]
        assert properties["EvaluationPeriods"] == minutes
    assert alarms["nat-instance-1-host"].properties["MetricName"] == "StatusCheckFailed_System"


@pytest.mark.req("A120")
def test_one_dashboard_shows_what_there_is(any_pair: Synthesis) -> None:
    body = str(any_pair.one("AWS::CloudWatch::Dashboard").properties["DashboardBody"])
    for title in ("Requests", "Latency", "Dead letters"):
        assert title in body
    assert ("Database connections" in body) == (any_pair.profile.database is not None)


def test_a_row_says_above_or_below() -> None:
    with pytest.raises(ValueError, match="either above or below"):
        AlarmRow(name="x", why="x", metric=None, severity=Severity.WARNING)  # type: ignore[arg-type]
