"""Provisioned concurrency that follows its use: what the plan's auto-scaled API tasks became."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk_app.capacity import ApiCapacity

SCALE_OUT = Duration.seconds(60)
SCALE_IN = Duration.seconds(300)


class HotAlias(Construct):
    """`alias` "live" of the function's present version, kept warm between the profile's least and most."""

    def __init__(self, scope: Construct, construct_id: str, *, function: lambda_.Function, capacity: ApiCapacity) -> None:
        super().__init__(scope, construct_id)
        self.alias = lambda_.Alias(self, "Alias", alias_name="live", version=function.current_version)
        target = autoscaling.ScalableTarget(
            self,
            "Target",
            service_namespace=autoscaling.ServiceNamespace.LAMBDA,
            scalable_dimension="lambda:function:ProvisionedConcurrency",
            resource_id=f"function:{function.function_name}:{self.alias.alias_name}",
            min_capacity=capacity.provisioned_min,
            max_capacity=capacity.provisioned_max,
        )
        target.node.add_dependency(self.alias)
        target.apply_removal_policy(RemovalPolicy.DESTROY)
        target.scale_to_track_metric(
            "Utilization",
            predefined_metric=autoscaling.PredefinedMetric.LAMBDA_PROVISIONED_CONCURRENCY_UTILIZATION,
            target_value=capacity.provisioned_target,
            scale_out_cooldown=SCALE_OUT,
            scale_in_cooldown=SCALE_IN,
        )
