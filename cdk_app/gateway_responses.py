"""The gateway's own errors, in the same problem+json as the handlers' (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus

from aws_cdk import aws_apigateway as apigateway

# As in the handlers' own problems (painelml.core.errors).
PROBLEMS = "https://painelml.example/problems"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayProblem:
    """One of API Gateway's response types (`kind`, its own name for it) as a problem. `headers` are literal values."""

    kind: str
    status: HTTPStatus
    code: str
    detail: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> str:
        """The mapping template. Only the request's id is inserted: it is API Gateway's own and needs no escaping."""
        return (
            f'{{"type":"{PROBLEMS}/{self.code}","title":"{self.status.phrase}","status":{self.status.value},'
            f'"detail":"{self.detail}","code":"{self.code}","request_id":"$context.requestId"}}'
        )


# What is no GatewayProblem keeps its own status.
DEFAULT_BODY = (
    '{"type":"%s/%s","title":"%s","status":%d,"detail":$context.error.messageString,'
    '"code":"%s","request_id":"$context.requestId"}'
)


def add_gateway_problems(rest_api: apigateway.RestApi, problems: Iterable[GatewayProblem]) -> None:
    """Give every error that the gateway itself answers a problem+json body."""
    for problem in problems:
        rest_api.add_gateway_response(
            problem.kind,
            type=apigateway.ResponseType.of(problem.kind),
            status_code=str(problem.status.value),
            response_headers={
                "Content-Type": "'application/problem+json'",
                **{name: f"'{value}'" for name, value in problem.headers.items()},
            },
            templates={"application/json": problem.body},
        )
    for kind, title, status, code in (
        ("DEFAULT_4XX", "Bad Request", 400, "bad_request"),
        ("DEFAULT_5XX", "Internal Server Error", 500, "internal_error"),
    ):
        rest_api.add_gateway_response(
            kind,
            type=apigateway.ResponseType.of(kind),
            response_headers={"Content-Type": "'application/problem+json'"},
            templates={"application/json": DEFAULT_BODY % (PROBLEMS, code, title, status, code)},
        )
