"""The two doors' rule sets: CloudFront for people and programs, the regional API for providers' webhooks (K50)."""

from __future__ import annotations

from cdk_app import waf_rules as rules
from cdk_app.web_acl import Rule

_API = "^/api/"
# CloudFront's door sees the path as it is sent.
_WEBHOOKS_AT_EDGE = "^/api/v1/webhooks/"
# The regional door has names with and without the stage in front.
_WEBHOOKS = "^/(api/)?v1/webhooks/"
_NOTIFICATIONS = "^/(api/)?v1/webhooks/mercado-livre/"


def edge_rules() -> list[Rule]:
    """For requests through CloudFront: rates by address, then AWS's rules, then the limit of a body."""
    webhooks = rules.path_plainly_matches(_WEBHOOKS_AT_EDGE)
    # Pages and their assets are not counted: one page would use up a minute.
    api = rules.all_of(rules.path_matches(_API), rules.none_of(webhooks))
    return [
        Rule(name="WebhookRate", statement=rules.faster_than(rules.WEBHOOKS_PER_MINUTE, on=webhooks), answer=429),
        Rule(name="AddressRate", statement=rules.faster_than(rules.REQUESTS_PER_MINUTE, on=api), answer=429),
        Rule(name="BodySize", statement=rules.body_is_larger_than(rules.BODY_BYTES), answer=413),
        Rule(
            name="Common",
            # Its limit of 8 KB would refuse honest requests; BodySize is ours.
            statement=rules.managed("AWSManagedRulesCommonRuleSet", counted=("SizeRestrictions_BODY",)),
            answer=None,
        ),
        Rule(name="SqlInjection", statement=rules.managed("AWSManagedRulesSQLiRuleSet"), answer=None),
        Rule(name="Scripts", statement=rules.has_script(), answer=403),
    ]


def regional_rules(*, origin_value: str) -> list[Rule]:
    """For requests straight to the API: webhooks within their own limits, and what CloudFront forwards. Nothing else.

    AWS's rules do not look at webhooks: a provider counts a refusal as undelivered and may stop sending.
    """
    webhooks = rules.path_plainly_matches(_WEBHOOKS)
    return [
        Rule(
            name="NotificationSize",
            statement=rules.all_of(rules.path_matches(_NOTIFICATIONS), rules.body_is_larger_than(rules.NOTIFICATION_BYTES)),
            answer=413,
        ),
        Rule(name="WebhookRate", statement=rules.faster_than(rules.WEBHOOKS_PER_MINUTE, on=webhooks), answer=429),
        Rule(name="Webhooks", statement=webhooks, answer="allow"),
        Rule(name="CloudFront", statement=rules.header_is(rules.ORIGIN_HEADER, origin_value), answer="allow"),
    ]
