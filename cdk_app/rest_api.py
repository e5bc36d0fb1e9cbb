"""The REST API itself: its stage, its limits, and what its access log says of a request."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Tags
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk_app.checks import acknowledge
from cdk_app.environments import Environment
from cdk_app.local import LOCAL_API_ID
from cdk_app.logs import retention_of
from cdk_app.profiles import Profile

STAGE = "api"
# The path is left out on purpose: a webhook's path carries its token.
_ACCESS_LOG_FORMAT = apigateway.AccessLogFormat.custom(
    "{"
    + ",".join(
        f'"{name}":"{value}"'
        for name, value in {
            "requestId": "$context.requestId",
            "extendedRequestId": "$context.extendedRequestId",
            "traceId": "$context.xrayTraceId",
            "timestamp": "$context.requestTime",
            "sourceIp": "$context.identity.sourceIp",
            "httpMethod": "$context.httpMethod",
            "resourcePath": "$context.resourcePath",
            "status": "$context.status",
            "responseLength": "$context.responseLength",
            "latencyMs": "$context.responseLatency",
            "integrationLatencyMs": "$context.integrationLatency",
            "integrationStatus": "$context.integrationStatus",
            "tenantId": "$context.authorizer.tenant_id",
            "userId": "$context.authorizer.user_id",
            "error": "$context.error.responseType",
        }.items()
    )
    + "}"
)


def make_rest_api(scope: Construct, *, environment: Environment, profile: Profile) -> apigateway.RestApi:
    """The API without its methods: stage, throttling, access logs."""
    capacity = profile.api
    access_logs = logs.LogGroup(
        scope,
        "AccessLogs",
        log_group_name=f"/painelml/{environment.name}/api-access",
        retention=retention_of(profile),
        removal_policy=RemovalPolicy.DESTROY,
    )
    rest_api = apigateway.RestApi(
        scope,
        "RestApi",
        rest_api_name=environment.resource_name("api"),
        description="PainelML's API: panel, API clients and webhooks.",
        endpoint_types=[apigateway.EndpointType.REGIONAL],
        disable_execute_api_endpoint=environment.domain is not None,
        cloud_watch_role=False,
        deploy_options=apigateway.StageOptions(
            stage_name=STAGE,
            tracing_enabled=True,
            throttling_rate_limit=capacity.throttle_rate,
            throttling_burst_limit=capacity.throttle_burst,
            logging_level=apigateway.MethodLoggingLevel.ERROR,
            data_trace_enabled=False,
            access_log_destination=apigateway.LogGroupLogDestination(access_logs),
            access_log_format=_ACCESS_LOG_FORMAT,
        ),
    )
    acknowledge(
        rest_api,
        {
            "APIG2": "Handlers validate with typed models, and answer with the reason in problem+json.",
            "COG4": "Our own authorizer verifies our own tokens and API keys; there is no Cognito pool.",
        },
    )
    if profile.waf:
        acknowledge(rest_api, {"APIG3": "The edge stack associates the regional web ACL with this stage."})
    else:
        acknowledge(rest_api, {"APIG3": "This profile has no WAF (K04): on AWS its functions check CloudFront's header."})
    if environment.is_local:
        Tags.of(rest_api).add("ms-custom-id", LOCAL_API_ID)
    return rest_api
