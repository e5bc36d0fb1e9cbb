"""An alarm is a row: a metric, a threshold, and who hears of it. The catalogue grows by rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from cdk_app.environments import Environment


class Severity(StrEnum):
    """CRITICAL wakes someone (e-mail and SMS); WARNING is for the day (e-mail)."""

    CRITICAL = "critical"
    WARNING = "warning"


class Missing(StrEnum):
    """What no data means. FINE: nothing happened. BAD: the thing that reports is gone."""

    FINE = "fine"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRow:
    """`metric` over `above` (or under `below`) for `periods` periods in a row. `why` is what the reader does about it."""

    name: str
    why: str
    metric: cloudwatch.IMetric
    severity: Severity
    above: float | None = None
    below: float | None = None
    periods: int = 1
    missing: Missing = Missing.FINE
    remedy: actions.Ec2InstanceAction | None = None

    def __post_init__(self) -> None:
        if (self.above is None) == (self.below is None):
            raise ValueError(f"Alarm {self.name}: give either above or below.")


class Alarms(Construct):
    """Alarms from rows, each tied to its severity's topic."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        topics: dict[Severity, sns.ITopic],
        rows: list[AlarmRow],
    ) -> None:
        super().__init__(scope, construct_id)
        for row in rows:
            alarm = self._build_alarm(row, environment)
            alarm.add_alarm_action(actions.SnsAction(topics[row.severity]))
            alarm.add_ok_action(actions.SnsAction(topics[row.severity]))
            if row.remedy is not None:
                alarm.add_alarm_action(actions.Ec2Action(row.remedy))

    def _build_alarm(self, row: AlarmRow, environment: Environment) -> cloudwatch.Alarm:
        operators, missing = cloudwatch.ComparisonOperator, cloudwatch.TreatMissingData
        return cloudwatch.Alarm(
            self,
            row.name,
            alarm_name=environment.resource_name(row.name),
            alarm_description=f"{row.severity.upper()}: {row.why}",
            metric=row.metric,
            threshold=row.above if row.above is not None else float(row.below or 0),
            comparison_operator=operators.GREATER_THAN_THRESHOLD if row.above is not None else operators.LESS_THAN_THRESHOLD,
            evaluation_periods=row.periods,
            datapoints_to_alarm=row.periods,
            treat_missing_data=missing.BREACHING if row.missing is Missing.BAD else missing.NOT_BREACHING,
        )
