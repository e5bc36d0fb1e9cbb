"""The gateway's own errors, in the same problem+json as the handlers' (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus

from aws_cdk import aws_apigateway as apigateway

RETRY_AFTER_SECONDS = "5"
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


_SIGN_IN = {"WWW-Authenticate": "Bearer"}
_LATER = {"Retry-After": RETRY_AFTER_SECONDS}

GATEWAY_PROBLEMS = (
    GatewayProblem(
        kind="BAD_REQUEST_BODY",
        status=HTTPStatus.BAD_REQUEST,
        code="bad_request_body",
        detail="O corpo da requisição não é válido. Envie JSON conforme a documentação.",
    ),
    GatewayProblem(
        kind="BAD_REQUEST_PARAMETERS",
        status=HTTPStatus.BAD_REQUEST,
        code="bad_request_parameters",
        detail="Um parâmetro da requisição falta ou não é válido.",
    ),
    GatewayProblem(
        kind="UNAUTHORIZED",
        status=HTTPStatus.UNAUTHORIZED,
        code="unauthorized",
        detail="Envie o cabeçalho Authorization com um token de acesso válido.",
        headers=_SIGN_IN,
    ),
    GatewayProblem(
        kind="EXPIRED_TOKEN",
        status=HTTPStatus.UNAUTHORIZED,
        code="token_expired",
        detail="O token de acesso expirou. Renove-o e tente de novo.",
        headers=_SIGN_IN,
    ),
    GatewayProblem(
        kind="ACCESS_DENIED",
        status=HTTPStatus.FORBIDDEN,
        code="forbidden",
        detail="Este acesso não tem permissão para o recurso pedido.",
    ),
    GatewayProblem(
        kind="INVALID_API_KEY",
        status=HTTPStatus.FORBIDDEN,
        code="invalid_api_key",
        detail="A chave de API não é válida.",
    ),
    GatewayProblem(
        kind="INVALID_SIGNATURE",
        status=HTTPStatus.FORBIDDEN,
        code="invalid_signature",
        detail="A assinatura da requisição não é válida.",
    ),
    GatewayProblem(
        kind="WAF_FILTERED",
        status=HTTPStatus.FORBIDDEN,
        code="filtered",
        detail="A requisição foi recusada por uma regra de proteção.",
    ),
    # A path or a method that does not exist; AWS calls the first of these "Missing Authentication Token".
    GatewayProblem(
        kind="MISSING_AUTHENTICATION_TOKEN",
        status=HTTPStatus.NOT_FOUND,
        code="not_found",
        detail="Não há nada neste endereço. Confira o caminho e o método.",
    ),
    GatewayProblem(
        kind="RESOURCE_NOT_FOUND",
        status=HTTPStatus.NOT_FOUND,
        code="not_found",
        detail="Não há nada neste endereço. Confira o caminho e o método.",
    ),
    GatewayProblem(
        kind="REQUEST_TOO_LARGE",
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        code="too_large",
        detail="O corpo da requisição passa do tamanho aceito.",
    ),
    GatewayProblem(
        kind="UNSUPPORTED_MEDIA_TYPE",
        status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        code="unsupported_media_type",
        detail="Envie o corpo como application/json.",
    ),
    GatewayProblem(
        kind="THROTTLED",
        status=HTTPStatus.TOO_MANY_REQUESTS,
        code="throttled",
        detail="Muitas requisições ao mesmo tempo. Espere o tempo indicado em Retry-After.",
        headers=_LATER,
    ),
    GatewayProblem(
        kind="QUOTA_EXCEEDED",
        status=HTTPStatus.TOO_MANY_REQUESTS,
        code="quota_exceeded",
        detail="A cota de requisições foi atingida.",
        headers=_LATER,
    ),
    GatewayProblem(
        # The database is away while an API key is looked up (docs/decisions/0041).
        kind="AUTHORIZER_FAILURE",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code="authorizer_failure",
        detail="Não foi possível verificar o acesso. Tente de novo em instantes.",
        headers=_LATER,
    ),
    GatewayProblem(
        kind="INTEGRATION_FAILURE",
        status=HTTPStatus.BAD_GATEWAY,
        code="integration_failure",
        detail="O serviço não respondeu como devia. Tente de novo em instantes.",
        headers=_LATER,
    ),
    GatewayProblem(
        kind="INTEGRATION_TIMEOUT",
        status=HTTPStatus.GATEWAY_TIMEOUT,
        code="timeout",
        detail="O serviço demorou demais para responder. Tente de novo em instantes.",
        headers=_LATER,
    ),
)

# What has no entry above keeps its own status.
DEFAULT_BODY = (
    '{"type":"%s/%s","title":"%s","status":%d,"detail":$context.error.messageString,'
    '"code":"%s","request_id":"$context.requestId"}'
)


def add_gateway_problems(rest_api: apigateway.RestApi) -> None:
    """Give every error that the gateway itself answers a problem+json body."""
    for problem in GATEWAY_PROBLEMS:
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
