"""How long logs are kept, as CDK wants to hear it."""

from __future__ import annotations

from aws_cdk import aws_logs as logs

from cdk_app.profiles import Profile

_RETENTION = {7: logs.RetentionDays.ONE_WEEK, 14: logs.RetentionDays.TWO_WEEKS, 30: logs.RetentionDays.ONE_MONTH}


def retention_of(profile: Profile) -> logs.RetentionDays:
    """The profile's log retention."""
    return _RETENTION[profile.log_retention_days]
