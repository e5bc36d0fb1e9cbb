"""The REST API: one authorizer, one function per group, and the intake of notifications that needs no function."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration, RemovalPolicy, Tags
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk_app.access import CacheAccess, DatabaseAccess, NetworkAccess
from cdk_app.base import EnvironmentStack
from cdk_app.checks import acknowledge
from cdk_app.direct_intake import DirectIntake
from cdk_app.environments import Environment
from cdk_app.function_table import API_FUNCTIONS, AUTHORIZER, FunctionSpec, Route
from cdk_app.functions import RETENTION, FunctionSurroundings, PainelFunction
from cdk_app.gateway_responses import add_gateway_problems
from cdk_app.hot_alias import HotAlias
from cdk_app.layers import PainelLayers
from cdk_app.local import LOCAL_API_ID
from cdk_app.profiles import Profile
from stacks.messaging import MessagingStack
from stacks.storage import StorageStack

STAGE = "api"
AUTHORIZER_CACHE = Duration.seconds(60)
MERCADO_LIVRE_PATH = "webhooks/mercado-livre/{token}"


class ApiStack(EnvironmentStack):
    """`rest_api`, and `functions` by name (the authorizer among them)."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        profile: Profile,
        network: NetworkAccess,
        database: DatabaseAccess,
        cache: CacheAccess,
        messaging: MessagingStack,
        storage: StorageStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, environment=environment, **kwargs)
        # Roles are granted secrets by name, which CloudFormation cannot see.
        self.add_stack_dependency(storage)
        self._environment = environment
        self._profile = profile
        self._surroundings = FunctionSurroundings(
            environment=environment,
            profile=profile,
            network=network,
            database=database,
            cache=cache,
            queues=messaging.queues,
            data_bucket=storage.data_bucket,
            layers=() if environment.is_local else PainelLayers(self, "Layers").versions,
            # Where a WAF stands in front, its rule checks the header; elsewhere the functions do.
            origin_value=None if profile.waf or environment.is_local else storage.origin_value.unsafe_unwrap(),
        )
        self.functions: dict[str, lambda_.IFunction] = {}
        self.rest_api = self._rest_api()
        add_gateway_problems(self.rest_api)
        authorizer = apigateway.RequestAuthorizer(
            self,
            "Authorizer",
            handler=self._function(AUTHORIZER),
            identity_sources=[apigateway.IdentitySource.header("Authorization")],
            results_cache_ttl=AUTHORIZER_CACHE,
        )
        root = self.rest_api.root.add_resource("v1")
        for spec in API_FUNCTIONS:
            integration = apigateway.LambdaIntegration(
                self._function(spec),
                # One permission for the function: one for each method would pass the policy's 20 KB.
                scope_permission_to_method=False,
            )
            for route in spec.routes:
                self._add_route(root, route, integration, None if route.public else authorizer)
        DirectIntake(
            self,
            "MercadoLivreIntake",
            resource=root.resource_for_path(MERCADO_LIVRE_PATH),
            queue=messaging.webhooks.queue,
            source="mercado-livre",
        )

    def _function(self, spec: FunctionSpec) -> lambda_.IFunction:
        """What the gateway calls: an alias that is kept warm, where the row asks for it and the profile pays for it."""
        function = PainelFunction(self, spec.name, spec=spec, surroundings=self._surroundings).function
        self.functions[spec.name] = function
        capacity = self._profile.api
        if spec.hot and capacity.provisioned_max:
            return HotAlias(self, f"{spec.name}-live", function=function, capacity=capacity).alias
        return function

    def _rest_api(self) -> apigateway.RestApi:
        environment, capacity = self._environment, self._profile.api
        access_logs = logs.LogGroup(
            self,
            "AccessLogs",
            log_group_name=f"/painelml/{environment.name}/api-access",
            retention=RETENTION[self._profile.log_retention_days],
            removal_policy=RemovalPolicy.DESTROY,
        )
        rest_api = apigateway.RestApi(
            self,
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
        if self._profile.waf:
            acknowledge(rest_api, {"APIG3": "The edge stack associates the regional web ACL with this stage."})
        else:
            acknowledge(rest_api, {"APIG3": "This profile has no WAF (K04): on AWS its functions check CloudFront's header."})
        if environment.is_local:
            Tags.of(rest_api).add("ms-custom-id", LOCAL_API_ID)
        return rest_api

    @staticmethod
    def _add_route(
        root: apigateway.Resource,
        route: Route,
        integration: apigateway.LambdaIntegration,
        authorizer: apigateway.RequestAuthorizer | None,
    ) -> None:
        resource = root.resource_for_path(route.path)
        kind = apigateway.AuthorizationType.CUSTOM if authorizer else apigateway.AuthorizationType.NONE
        targets = [resource] if route.itself else []
        if route.below:
            targets.append(resource.resource_for_path("{proxy+}"))
        for target in targets:
            method = target.add_method("ANY", integration, authorizer=authorizer, authorization_type=kind)
            if route.public:
                acknowledge(method, {"APIG4": "Public by the function table: it is how one signs in, or signs its body."})


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
