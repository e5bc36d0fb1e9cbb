"""The two doors: CloudFront for the web and `/api/*`, and the regional name that providers' webhooks are sent to."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from cdk_app.base import EnvironmentStack
from cdk_app.doors import regional_rules
from cdk_app.environments import Environment
from cdk_app.names import HooksName, WebNames
from cdk_app.profiles import Profile
from cdk_app.web_acl import WebAcl
from cdk_app.web_distribution import ApiOrigin, WebDistribution

STAGE = "api"


class EdgeStack(EnvironmentStack):
    """Web and API on one origin. `web_url` is where people go; `api_url` is the same origin's `/api/v1`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        profile: Profile,
        rest_api: apigateway.RestApi,
        origin_value: cdk.SecretValue,
        logs_bucket: s3.IBucket,
        web_acl_arn: str | None = None,
        emulator_url: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, environment=environment, **kwargs)
        self._environment = environment
        # CloudFront and WAF hold the value itself; CloudFormation reads it while deploying, templates do not show it.
        header = origin_value.unsafe_unwrap()
        hooks = HooksName(self, "Hooks", environment=environment, rest_api=rest_api) if environment.domain else None
        if environment.is_local:
            origin = ApiOrigin.of_emulator(rest_api, emulator_url=emulator_url or "")
        elif environment.hooks_name:
            origin = ApiOrigin(host=environment.hooks_name)
        else:
            origin = ApiOrigin(host=f"{rest_api.rest_api_id}.execute-api.{self.region}.{self.url_suffix}")
        self.web = WebDistribution(
            self,
            "Web",
            environment=environment,
            api=origin,
            origin_header=header,
            logs_bucket=logs_bucket,
            web_acl_arn=web_acl_arn,
        )
        if environment.hosted_zone_id:
            WebNames(self, "Names", environment=environment, distribution=self.web.distribution)
        if hooks:
            self.web.node.add_dependency(hooks)
        if profile.waf:
            self._guard_api(rest_api, profile, header)
        self.web_url = self._web_url(emulator_url)
        self.api_url = f"{self.web_url}/api/v1"
        self._publish()

    def _guard_api(self, rest_api: apigateway.RestApi, profile: Profile, header: str) -> None:
        acl = WebAcl(
            self,
            "RegionalAcl",
            name=self._environment.resource_name("api"),
            where="REGIONAL",
            rule_set=regional_rules(origin_value=header),
            otherwise="block",
            profile=profile,
        )
        waf.CfnWebACLAssociation(
            self,
            "RegionalAclOfApi",
            resource_arn=rest_api.deployment_stage.stage_arn,
            web_acl_arn=acl.arn,
        )

    def _web_url(self, emulator_url: str | None) -> str:
        host = self.web.distribution.distribution_domain_name
        if self._environment.is_local:
            # By name it is the web's, by number (127.0.0.1) AWS's API: ops/emulator_server.py.
            return f"http://localhost:{(emulator_url or '').rsplit(':', 1)[-1]}"
        return f"https://{self._environment.dashboard_name or host}"

    def _publish(self) -> None:
        """For functions, which cannot depend on this stack (it depends on them), and for the `painel` command."""
        for name, value in {"web_url": self.web_url, "api_url": self.api_url}.items():
            ssm.StringParameter(
                self,
                f"Parameter{name}",
                parameter_name=f"/painelml/{self._environment.name}/{name}",
                string_value=value,
            )
        cdk.CfnOutput(self, "WebUrl", value=self.web_url)
        cdk.CfnOutput(self, "ApiUrl", value=self.api_url)
        cdk.CfnOutput(self, "WebBucketName", value=self.web.bucket.bucket_name)
        cdk.CfnOutput(self, "DistributionId", value=self.web.distribution.distribution_id)
