"""The HTTP edge of every function: one resolver, one way to answer errors, one entry point."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from painelml.core.caller import Caller, calling
from painelml.core.config import config
from painelml.core.crypto import same
from painelml.core.errors import BodyTooLarge, Forbidden, InvalidRequest, MalformedJson, NotFound, PainelError
from painelml.core.observability import begin_log, logger

BODY_LIMIT_BYTES = 256 * 1024
PROBLEM = "application/problem+json"
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def http_app() -> APIGatewayRestResolver:
    """A resolver whose routes are written without `/v1`, whose models are checked, and whose errors are problem documents."""
    app = APIGatewayRestResolver(enable_validation=True, strip_prefixes=["/v1"], response_validation_error_http_code=500)

    @app.exception_handler(PainelError)
    def _expected(error: PainelError) -> Response[str]:
        return _problem(app.current_event.raw_event, error)

    @app.exception_handler(RequestValidationError)
    def _bad_input(error: RequestValidationError) -> Response[str]:
        return _problem(app.current_event.raw_event, _input_error(error))

    @app.exception_handler(NotFoundError)
    def _no_route(_: NotFoundError) -> Response[str]:
        return _problem(app.current_event.raw_event, NotFound())

    @app.exception_handler(Exception)
    def _unexpected(_: Exception) -> Response[str]:
        logger.exception("request failed")
        return _problem(app.current_event.raw_event, PainelError())

    return app


def entry_point(app: APIGatewayRestResolver, *, body_limit_bytes: int = BODY_LIMIT_BYTES) -> Handler:
    """The Lambda handler of `app`: knows the caller, starts the log, caps the body, and lets nothing escape as a 502."""

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        request_context = event.get("requestContext") or {}
        authorized = request_context.get("authorizer") or {}
        caller = Caller.from_context(authorized) if "tenant_id" in authorized else None
        begin_log(_request_id(event), caller)
        try:
            _check_door(event)
            if len(event.get("body") or "") > body_limit_bytes:
                raise BodyTooLarge(limit_bytes=body_limit_bytes)
        except PainelError as error:
            return _raw(_problem(event, error))
        with calling(caller):
            answer: dict[str, Any] = app.resolve(event, context)
        logger.info("request", extra={"route": event.get("resource"), "status": answer.get("statusCode")})
        return answer

    return handler


def header(event: Mapping[str, Any], name: str) -> str:
    """A request header by any case; empty when absent."""
    wanted = name.lower()
    return next((value for key, value in (event.get("headers") or {}).items() if key.lower() == wanted and value), "")


def client_ip(event: Mapping[str, Any]) -> str:
    """The caller's address: the entry of X-Forwarded-For that our trusted hops wrote, else the connection's own."""
    hops = config().trusted_hops
    forwarded = [part.strip() for part in header(event, "x-forwarded-for").split(",") if part.strip()]
    if hops and len(forwarded) > hops:
        return forwarded[-1 - hops]
    source: str = ((event.get("requestContext") or {}).get("identity") or {}).get("sourceIp") or ""
    return source


def language(event: Mapping[str, Any]) -> str:
    """pt-BR unless the first language that the client accepts and we have is English."""
    for part in header(event, "accept-language").split(","):
        tag = part.split(";")[0].strip().lower()
        if tag.startswith("en"):
            return "en"
        if tag.startswith("pt"):
            return "pt-BR"
    return "pt-BR"


def _check_door(event: Mapping[str, Any]) -> None:
    """Where WAF is off, only CloudFront's own header opens the regional endpoint."""
    expected = config().origin_secret
    if expected and not same(header(event, "x-origin-verify"), expected):
        raise Forbidden


def _input_error(error: RequestValidationError) -> InvalidRequest:
    faults = error.errors()
    if any(fault.get("type") == "json_invalid" for fault in faults):
        return MalformedJson()
    return InvalidRequest(
        errors=[
            {"field": ".".join(str(part) for part in fault["loc"][1:]) or str(fault["loc"][0]), "message": fault["msg"]}
            for fault in faults
        ]
    )


def _problem(event: Mapping[str, Any], error: PainelError) -> Response[str]:
    body = error.problem(language(event), _request_id(event))
    return Response(
        status_code=error.status,
        content_type=PROBLEM,
        body=json.dumps(body, ensure_ascii=False, default=str),
        headers={"Cache-Control": "no-store", **error.headers},
    )


def _raw(response: Response[str]) -> dict[str, Any]:
    return {
        "statusCode": response.status_code,
        "headers": {"Content-Type": PROBLEM, **{key: str(value) for key, value in response.headers.items()}},
        "body": response.body,
        "isBase64Encoded": False,
    }


def _request_id(event: Mapping[str, Any]) -> str:
    request_id: str = (event.get("requestContext") or {}).get("requestId") or ""
    return request_id
