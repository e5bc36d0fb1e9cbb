"""What belongs to the account rather than to the product: who did what, what it costs, and API Gateway's right to log."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from cdk_app.base import EnvironmentStack
from cdk_app.checks import acknowledge
from cdk_app.environments import Environment
from cdk_app.profiles import Profile

TRAIL_DAYS = 90
# Percent of the month's limit that has been spent, and that AWS expects to be.
_SPENT = (50, 80, 100)
_EXPECTED = 100


class GovernanceStack(EnvironmentStack):
    """Deployed before the API: a stage with logs is refused where the account has no role for them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        profile: Profile,
        warning_topic: sns.ITopic,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, environment=environment, **kwargs)
        self._environment = environment
        self._build_api_gateway_role()
        self._build_budget(profile.monthly_budget_usd, warning_topic)
        if profile.trail:
            self._build_trail()

    def _build_api_gateway_role(self) -> None:
        """One setting for the account and region, shared by all environments in it, so it outlives this stack."""
        role = iam.Role(
            self,
            "ApiGatewayLogs",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AmazonAPIGatewayPushToCloudWatchLogs")
            ],
        )
        role.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        account = apigateway.CfnAccount(self, "ApiGatewayAccount", cloud_watch_role_arn=role.role_arn)
        account.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        acknowledge(
            role,
            {
                "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]": (
                    "API Gateway refuses a role with less than this policy for its account setting."
                )
            },
        )

    def _build_budget(self, limit: int, topic: sns.ITopic) -> None:
        """For the whole account: a cost that nobody tagged is the one to hear about."""
        subscribers = [budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=topic.topic_arn)]
        thresholds = [("ACTUAL", percent) for percent in _SPENT] + [("FORECASTED", _EXPECTED)]
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=self._environment.resource_name("monthly"),
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=limit, unit="USD"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=subscribers,
                )
                for kind, percent in thresholds
            ],
        )

    def _build_trail(self) -> None:
        """Apart from the logs bucket: only CloudTrail may write here, and nobody overwrites."""
        bucket = s3.Bucket(
            self,
            "TrailBucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            removal_policy=cdk.RemovalPolicy.RETAIN,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="expire",
                    expiration=cdk.Duration.days(TRAIL_DAYS),
                    noncurrent_version_expiration=cdk.Duration.days(1),
                )
            ],
        )
        cloudtrail.Trail(
            self,
            "Trail",
            bucket=bucket,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_file_validation=True,
        )
        acknowledge(
            bucket,
            {"S1": "It is itself an access log; the trail's digest files show whether anyone changed it."},
        )
