"""What belongs to the account: the trail, the budget, and API Gateway's right to log."""

from __future__ import annotations

import pytest

from tests.infra.synthesis import Synthesis


@pytest.mark.req("A037", "A144", "C083")
def test_a_trail_of_90_days_where_the_profile_has_one(aws_pair: Synthesis) -> None:
    trails = list(aws_pair.resources("AWS::CloudTrail::Trail"))
    assert bool(trails) == aws_pair.profile.trail, "elsewhere AWS's own event history has 90 days at no charge (K16)"
    for trail in trails:
        assert trail.properties["IsLogging"] is True
        assert trail.properties["IsMultiRegionTrail"] is True
        assert trail.properties["EnableLogFileValidation"] is True
        bucket = aws_pair.resource_at("governance", trail.properties["S3BucketName"])
        assert bucket.body["DeletionPolicy"] == "Retain"
        (rule,) = bucket.properties["LifecycleConfiguration"]["Rules"]
        assert rule["ExpirationInDays"] == 90


@pytest.mark.req("A187")
def test_the_budget_speaks_before_the_money_is_gone(aws_pair: Synthesis) -> None:
    budget = aws_pair.one("AWS::Budgets::Budget").properties
    assert budget["Budget"]["BudgetLimit"] == {"Amount": aws_pair.profile.monthly_budget_usd, "Unit": "USD"}
    heard = [
        (each["Notification"]["NotificationType"], each["Notification"]["Threshold"])
        for each in budget["NotificationsWithSubscribers"]
    ]
    assert heard == [("ACTUAL", 50), ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    for each in budget["NotificationsWithSubscribers"]:
        (subscriber,) = each["Subscribers"]
        assert aws_pair.target("governance", subscriber["Address"])[0] == "messaging"


@pytest.mark.req("A035")
def test_api_gateway_may_log_before_there_is_a_stage_that_logs(aws_pair: Synthesis) -> None:
    account = aws_pair.one("AWS::ApiGateway::Account")
    assert account.body["DeletionPolicy"] == "Retain", "other environments of the account use it too"
    assert "governance" in aws_pair.depends_on["api"]
    assert aws_pair.one("AWS::ApiGateway::RestApi").stack == "api"
