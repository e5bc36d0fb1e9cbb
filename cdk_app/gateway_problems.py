"""The errors that API Gateway answers by itself, by its own names for them, in the words that a caller gets."""

from __future__ import annotations

from http import HTTPStatus

from cdk_app.gateway_responses import GatewayProblem

RETRY_AFTER_SECONDS = "5"
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
