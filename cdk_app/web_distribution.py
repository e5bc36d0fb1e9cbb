"""CloudFront over a private bucket (pages) and the API (`/api/*`): one origin for the browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk_app.checks import acknowledge
from cdk_app.environments import Environment
from cdk_app.waf_rules import ORIGIN_HEADER
from cdk_app.web_pages import NO_TLS_LOCALLY, WebPages


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOrigin:
    """Where CloudFront finds the API. The path is empty on AWS, because the stage is named as the path: `api`."""

    host: str
    path: str = ""
    http_port: int | None = None

    @classmethod
    def of_emulator(cls, rest_api: apigateway.RestApi, *, emulator_url: str) -> Self:
        """The emulator's own path for an API; it has no host name that resolves everywhere."""
        url = urlsplit(emulator_url)
        if not url.hostname or not url.port:
            raise ValueError(f"The emulator's URL is http://host:port, not {emulator_url!r}.")
        return cls(host=url.hostname, http_port=url.port, path=f"/_aws/execute-api/{rest_api.rest_api_id}")


class WebDistribution(Construct):
    """`bucket` takes the static build; `distribution` serves it and forwards `/api/*` with the origin header."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        api: ApiOrigin,
        origin_header: str,
        logs_bucket: s3.IBucket,
        web_acl_arn: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._environment = environment
        self._guarded = web_acl_arn is not None
        self._pages = WebPages(self, "Pages", environment=environment)
        self.bucket = self._pages.bucket
        certificate_arn = environment.edge_certificate_arn
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"PainelML {environment.name}",
            default_behavior=self._pages.behavior(self._viewers[0]),
            additional_behaviors={"/api/*": self._api(api, origin_header)},
            domain_names=[name for name in (environment.dashboard_name, environment.api_name) if name] or None,
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", certificate_arn) if certificate_arn else None,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_3_2025 if certificate_arn else None,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            web_acl_id=web_acl_arn,
            log_bucket=logs_bucket,
            log_file_prefix="cloudfront/",
        )
        self._acknowledge()

    @property
    def _viewers(self) -> tuple[cloudfront.ViewerProtocolPolicy, cloudfront.ViewerProtocolPolicy]:
        """How pages and how the API may be asked for: a redirected POST loses its body, so the API refuses HTTP."""
        if self._environment.is_local:  # the emulator has no certificate
            return cloudfront.ViewerProtocolPolicy.ALLOW_ALL, cloudfront.ViewerProtocolPolicy.ALLOW_ALL
        return cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS, cloudfront.ViewerProtocolPolicy.HTTPS_ONLY

    def _api(self, api: ApiOrigin, origin_header: str) -> cloudfront.BehaviorOptions:
        protocol = cloudfront.OriginProtocolPolicy
        origin = origins.HttpOrigin(
            api.host,
            origin_path=api.path,
            http_port=api.http_port,
            protocol_policy=protocol.HTTP_ONLY if api.http_port else protocol.HTTPS_ONLY,
            # CloudFront speaks at most TLS 1.2 to an origin.
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            custom_headers={ORIGIN_HEADER: origin_header},
        )
        return cloudfront.BehaviorOptions(
            origin=origin,
            viewer_protocol_policy=self._viewers[1],
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            # API Gateway answers by its own host name, so all but Host is forwarded.
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            response_headers_policy=self._pages.headers,
        )

    def _acknowledge(self) -> None:
        findings = {"CFR1": "Sellers travel; access is by account, and no law or licence here asks for borders."}
        if not self._environment.edge_certificate_arn:
            findings["CFR4"] = "Without a domain CloudFront's own certificate is used, whose TLS floor cannot be set."
        if not self._guarded:
            findings["CFR2"] = "This profile has no WAF (K04): the stage throttles, and the application counts."
        if self._environment.is_local:
            findings["CFR5"] = NO_TLS_LOCALLY
        acknowledge(self.distribution, findings)
