"""Notifications go from API Gateway into the queue with no function between (docs/decisions/0002-direct-intake.md)."""

from __future__ import annotations

from aws_cdk import Aws, Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk_app.checks import acknowledge
from cdk_app.gateway_responses import PROBLEMS

# Another type would need a template of its own; without one it is refused (415), never passed through as it is:
# the raw body would be read as SQS's form.
CONTENT_TYPES = ("application/json", "text/plain", "application/x-www-form-urlencoded")
PROBLEM_JSON = "'application/problem+json'"
RETRY_AFTER_SECONDS = "10"


def message_template(*, source: str) -> str:
    """The SendMessage form. Every value goes through $util.urlEncode: an `&` in a token or a body stays a character."""
    attributes = {
        "path_token": "$input.params('token')",
        "source_ip": "$context.identity.sourceIp",
        "received_ms": "$context.requestTimeEpoch",
        "source": f"'{source}'",
    }
    fields = ["Action=SendMessage", "MessageBody=$util.urlEncode($input.body)"]
    for number, (name, value) in enumerate(attributes.items(), start=1):
        prefix = f"MessageAttribute.{number}"
        fields += [
            f"{prefix}.Name={name}",
            f"{prefix}.Value.DataType=String",
            f"{prefix}.Value.StringValue=$util.urlEncode({value})",
        ]
    fields += [
        "MessageSystemAttribute.1.Name=AWSTraceHeader",
        "MessageSystemAttribute.1.Value.DataType=String",
        "MessageSystemAttribute.1.Value.StringValue=$util.urlEncode($context.xrayTraceId)",
    ]
    return "&".join(fields)


class DirectIntake(Construct):
    """`POST` on `resource` (whose path has `{token}`) puts the raw body into `queue`: 200 `{}`, or 503 if SQS refuses.

    No model and no validator: the sender counts anything but 200 as undelivered, so the worker judges the body.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        resource: apigateway.Resource,
        queue: sqs.IQueue,
        source: str,
    ) -> None:
        super().__init__(scope, construct_id)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"))
        role.add_to_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[queue.queue_arn]))
        template = message_template(source=source)
        method = resource.add_method(
            "POST",
            apigateway.AwsIntegration(
                service="sqs",
                path=f"{Aws.ACCOUNT_ID}/{queue.queue_name}",
                integration_http_method="POST",
                options=apigateway.IntegrationOptions(
                    credentials_role=role,
                    timeout=Duration.seconds(5),
                    passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
                    request_parameters={"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
                    request_templates=dict.fromkeys(CONTENT_TYPES, template),
                    integration_responses=[
                        apigateway.IntegrationResponse(
                            status_code="200",
                            selection_pattern=r"2\d{2}",
                            response_templates={"application/json": "{}"},
                        ),
                        self._refusal(),
                    ],
                ),
            ),
            authorization_type=apigateway.AuthorizationType.NONE,
            method_responses=[
                apigateway.MethodResponse(status_code="200"),
                apigateway.MethodResponse(
                    status_code="503",
                    response_parameters={
                        "method.response.header.Content-Type": True,
                        "method.response.header.Retry-After": True,
                    },
                ),
            ],
        )
        acknowledge(method, {"APIG4": "Mercado Livre does not sign: the worker checks the token that the path carries."})

    @staticmethod
    def _refusal() -> apigateway.IntegrationResponse:
        """The default: whatever SQS answered that is not a success, so that the sender tries again."""
        return apigateway.IntegrationResponse(
            status_code="503",
            response_parameters={
                "method.response.header.Content-Type": PROBLEM_JSON,
                "method.response.header.Retry-After": f"'{RETRY_AFTER_SECONDS}'",
            },
            response_templates={
                "application/json": (
                    f'{{"type":"{PROBLEMS}/not_stored","title":"Service Unavailable",'
                    '"status":503,'
                    '"detail":"A notificação não foi guardada. Envie-a de novo.",'
                    '"code":"not_stored","request_id":"$context.requestId"}'
                )
            },
        )
