"""A web ACL of AWS WAF: rules in order, what happens otherwise, and a log of what was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from cdk_app import waf_rules as rules
from cdk_app.logs import retention_of
from cdk_app.profiles import Profile

_NEVER_LOGGED = (rules.ORIGIN_HEADER, "authorization", "cookie")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; `answer` None leaves the decision to a managed group."""

    name: str
    statement: rules.Statement
    answer: Literal["allow", 413, 429, 403] | None

    def render(self, priority: int) -> waf.CfnWebACL.RuleProperty:
        action = None
        if self.answer == "allow":
            action = rules.Action(allow={})
        elif self.answer is not None:
            action = rules.Action(block=rules.refuse(self.answer))
        return waf.CfnWebACL.RuleProperty(
            name=self.name,
            priority=priority,
            statement=self.statement,
            action=action,
            override_action=waf.CfnWebACL.OverrideActionProperty(none={}) if action is None else None,
            visibility_config=_visible(self.name),
        )


def _visible(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )


def _reads_64_kb() -> waf.CfnWebACL.AssociationConfigProperty:
    """At the edge WAF reads as much of a body as the rule BodySize lets through."""
    limit = waf.CfnWebACL.RequestBodyAssociatedResourceTypeConfigProperty(default_size_inspection_limit="KB_64")
    return waf.CfnWebACL.AssociationConfigProperty(request_body={"CLOUDFRONT": limit})


class WebAcl(Construct):
    """A web ACL from rules in order, with a log of what it refused."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        where: Literal["CLOUDFRONT", "REGIONAL"],
        rule_set: list[Rule],
        otherwise: Literal["allow", "block"],
        profile: Profile,
    ) -> None:
        super().__init__(scope, construct_id)
        default = waf.CfnWebACL.DefaultActionProperty(
            allow={} if otherwise == "allow" else None, block=rules.refuse(403) if otherwise == "block" else None
        )
        self.resource = waf.CfnWebACL(
            self,
            "Resource",
            scope=where,
            default_action=default,
            rules=[rule.render(priority) for priority, rule in enumerate(rule_set)],
            custom_response_bodies=rules.problem_bodies(),
            visibility_config=_visible("All"),
            # At the edge WAF reads as much of a body as BodySize lets through.
            association_config=_reads_64_kb() if where == "CLOUDFRONT" else None,
        )
        self.arn = self.resource.attr_arn
        self._build_log(name, profile)

    def _build_log(self, name: str, profile: Profile) -> None:
        group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"aws-waf-logs-{name}",  # WAF takes no other prefix
            retention=retention_of(profile),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        waf.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=self.arn,
            log_destination_configs=[
                cdk.Stack.of(self).format_arn(
                    service="logs",
                    resource="log-group",
                    resource_name=group.log_group_name,
                    arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
                )
            ],
            redacted_fields=[
                waf.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": header}) for header in _NEVER_LOGGED
            ],
            logging_filter={
                "DefaultBehavior": "DROP",
                "Filters": [
                    {
                        "Behavior": "KEEP",
                        "Requirement": "MEETS_ANY",
                        "Conditions": [{"ActionCondition": {"Action": action}} for action in ("BLOCK", "COUNT")],
                    }
                ],
            },
        )
