"""The REST API: one authorizer, one function per group, and the intake of notifications that needs no function."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk_app.checks import acknowledge
from cdk_app.direct_intake import DirectIntake
from cdk_app.environments import Environment
from cdk_app.function_spec import FunctionSpec, Route
from cdk_app.function_table import API_FUNCTIONS, AUTHORIZER
from cdk_app.functions import PainelFunction
from cdk_app.gateway_problems import GATEWAY_PROBLEMS
from cdk_app.gateway_responses import add_gateway_problems
from cdk_app.hot_alias import HotAlias
from cdk_app.profiles import Profile
from cdk_app.rest_api import make_rest_api
from stacks.functions import FunctionsStack
from stacks.messaging import MessagingStack
from stacks.storage import StorageStack

AUTHORIZER_CACHE = Duration.seconds(60)
MERCADO_LIVRE_PATH = "webhooks/mercado-livre/{token}"


class ApiStack(FunctionsStack):
    """`rest_api`, and its functions (the authorizer among them)."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        profile: Profile,
        messaging: MessagingStack,
        storage: StorageStack,
        **around: Any,
    ) -> None:
        size: dict[str, Any] = {"environment": environment, "profile": profile}
        super().__init__(scope, construct_id, messaging=messaging, storage=storage, **size, **around)
        self._profile = profile
        if not (profile.waf or environment.is_local):
            # Where a WAF stands in front, its rule checks the header; elsewhere the functions do.
            self.surroundings = replace(self.surroundings, origin_value=storage.origin_value.unsafe_unwrap())
        self.rest_api = make_rest_api(self, environment=environment, profile=profile)
        add_gateway_problems(self.rest_api, GATEWAY_PROBLEMS)
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
        function = PainelFunction(self, spec.name, spec=spec, surroundings=self.surroundings).function
        self.functions[spec.name] = function
        capacity = self._profile.api
        if spec.hot and capacity.provisioned_max:
            return HotAlias(self, f"{spec.name}-live", function=function, capacity=capacity).alias
        return function

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
