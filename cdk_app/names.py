"""An environment's own names: `hooks.` on the regional API, `dashboard.` and `api.` on CloudFront."""

from __future__ import annotations

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct

from cdk_app.environments import Environment

# The stage's own name: paths are then the same through every door, /api/v1/….
_BASE_PATH = "api"


def hosted_zone(scope: Construct, environment: Environment) -> route53.IHostedZone:
    """The domain's zone, named and not looked up."""
    return route53.HostedZone.from_hosted_zone_attributes(
        scope, "Zone", hosted_zone_id=environment.hosted_zone_id or "", zone_name=environment.domain or ""
    )


class HooksName(Construct):
    """`hooks.` on the regional API. TLS 1.2 is its floor: a sender without 1.3 would fail without a word (K51)."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment, rest_api: apigateway.RestApi) -> None:
        super().__init__(scope, construct_id)
        name, certificate_arn = environment.hooks_name, environment.regional_certificate_arn
        if name is None or certificate_arn is None:
            raise ValueError(f"Environment {environment.name} has no domain, so it has no name for webhooks.")
        domain = apigateway.DomainName(
            self,
            "Domain",
            domain_name=name,
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", certificate_arn),
            endpoint_type=apigateway.EndpointType.REGIONAL,
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
        )
        domain.add_base_path_mapping(rest_api, base_path=_BASE_PATH, stage=rest_api.deployment_stage)
        if environment.hosted_zone_id:
            route53.ARecord(
                self,
                "Record",
                zone=hosted_zone(self, environment),
                record_name=name,
                target=route53.RecordTarget.from_alias(targets.ApiGatewayDomain(domain)),
            )


class WebNames(Construct):
    """`dashboard.` and `api.` as aliases of the distribution, for IPv4 and IPv6."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        distribution: cloudfront.IDistribution,
    ) -> None:
        super().__init__(scope, construct_id)
        zone = hosted_zone(self, environment)
        target = route53.RecordTarget.from_alias(targets.CloudFrontTarget(distribution))
        for name in (environment.dashboard_name, environment.api_name):
            route53.ARecord(self, f"{name}-A", zone=zone, record_name=name, target=target)
            route53.AaaaRecord(self, f"{name}-AAAA", zone=zone, record_name=name, target=target)
