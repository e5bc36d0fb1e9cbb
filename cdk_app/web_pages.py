"""The static side of the web: a private bucket, which file an address means, and the headers of every answer."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk_app.checks import acknowledge
from cdk_app.environments import Environment

NO_TLS_LOCALLY = "The emulator on a laptop speaks HTTP only."
_PAGE_ROUTES = Path(__file__).with_name("page_routes.js")
# Product pictures come from Mercado Livre; the API page's styles are inline.
_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: https://*.mlstatic.com",
        "style-src 'self' 'unsafe-inline'",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
    )
)


class WebPages(Construct):
    """`bucket` takes the static build; `headers` are for pages and API alike."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment) -> None:
        super().__init__(scope, construct_id)
        self.bucket = self._build_bucket(local=environment.is_local)
        self.headers = self._build_headers()
        self._routes = cloudfront.Function(
            self,
            "Routes",
            code=cloudfront.FunctionCode.from_inline(_PAGE_ROUTES.read_text(encoding="utf-8")),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )

    def behavior(self, viewers: cloudfront.ViewerProtocolPolicy) -> cloudfront.BehaviorOptions:
        """Served from the bucket, kept by CloudFront as long as each file's own Cache-Control says."""
        return cloudfront.BehaviorOptions(
            origin=origins.S3BucketOrigin.with_origin_access_control(self.bucket),
            viewer_protocol_policy=viewers,
            cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
            response_headers_policy=self.headers,
            function_associations=[
                cloudfront.FunctionAssociation(function=self._routes, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST)
            ],
        )

    def _build_bucket(self, *, local: bool) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=not local,
            removal_policy=cdk.RemovalPolicy.DESTROY if local else cdk.RemovalPolicy.RETAIN,
        )
        acknowledge(bucket, {"S1": "Public files that only CloudFront may read; the distribution logs every request."})
        if local:
            acknowledge(bucket, {"S10": NO_TLS_LOCALLY})
        return bucket

    def _build_headers(self) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=_CONTENT_SECURITY_POLICY, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.STRICT_ORIGIN_WHEN_CROSS_ORIGIN, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=cdk.Duration.days(730), include_subdomains=True, override=True
                ),
            ),
        )
