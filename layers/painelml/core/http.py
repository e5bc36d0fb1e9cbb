"""The HTTP edge of every function: one resolver, one way to answer errors, one entry point."""

from __future__ import annotations

import base64
import functools
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestUnsupportedContentType, RequestValidationError
from aws_lambda_powertools.event_handler.router import APIGatewayRouter

from painelml.core.caller import Caller, calling
from painelml.core.config import config
from painelml.core.crypto import same
from painelml.core.errors import (
    BodyTooLarge,
    Forbidden,
    InvalidRequest,
    MalformedJson,
    NotFound,
    PainelError,
    UnsupportedContentType,
)
from painelml.core.notices import collected
from painelml.core.observability import begin_log, logger
from painelml.core.request import client_ip, header, language, request_id, sender
from painelml.core.standing import act_of, acting

__all__ = [
    "SHOWN_ONCE",
    "Handler",
    "client_ip",
    "entry_point",
    "header",
    "http_app",
    "http_routes",
    "keeps_signature",
    "language",
    "sender",
]

VISITOR_ROLES = {"MASTER": "ADMIN", "SUPPORT": "VIEWER"}
"""What an operator is in a tenant that X-Tenant-Id names."""
BODY_LIMIT_BYTES = 256 * 1024
JSON = "application/json"
SHOWN_ONCE: dict[str, str | list[str]] = {"Cache-Control": "no-store"}  # and no Idempotency-Key keeps the answer either
PROBLEM = "application/problem+json"
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
P = ParamSpec("P")
T = TypeVar("T")


def http_app(*rooms: APIGatewayRouter) -> APIGatewayRestResolver:
    """A resolver whose routes are written without `/v1`, whose models are checked, and whose errors are problem documents.

    `rooms`: the routers of a function that has more than one capability, each a module beside its handler.
    """
    app = APIGatewayRestResolver(enable_validation=True, strip_prefixes=["/v1"], response_validation_error_http_code=500)

    @app.exception_handler(PainelError)
    def _expected(error: PainelError) -> Response[str]:
        return _problem(app.current_event.raw_event, error)

    @app.exception_handler(RequestValidationError)
    def _bad_input(error: RequestValidationError) -> Response[str]:
        return _problem(app.current_event.raw_event, _input_error(error))

    @app.exception_handler(RequestUnsupportedContentType)
    def _bad_type(_: RequestUnsupportedContentType) -> Response[str]:
        return _problem(app.current_event.raw_event, UnsupportedContentType())

    @app.exception_handler(NotFoundError)
    def _no_route(_: NotFoundError) -> Response[str]:
        return _problem(app.current_event.raw_event, NotFound())

    @app.exception_handler(Exception)
    def _unexpected(_: Exception) -> Response[str]:
        logger.exception("request failed")
        return _problem(app.current_event.raw_event, PainelError())

    for room in rooms:
        app.include_router(room)
    return app


def http_routes() -> APIGatewayRouter:
    """The routes of one capability, for `http_app` to take in."""
    return APIGatewayRouter()  # type: ignore[no-untyped-call]


def entry_point(
    app: APIGatewayRestResolver, *, body_limit_bytes: int = BODY_LIMIT_BYTES, from_provider: bool = False
) -> Handler:
    """The Lambda handler of `app`: knows the caller, starts the log, checks the body, and lets nothing escape as a 502.

    On authorized routes it counts every call against the tenant's plan (core/rate_limit.py), and honours Idempotency-Key on
    every POST (core/idempotency.py). `from_provider`: requests come
    straight to the regional endpoint, not through CloudFront, and nothing is parsed before the route has checked a signature.
    """

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        request_context = event.get("requestContext") or {}
        authorized = request_context.get("authorizer") or {}
        caller = Caller.from_context(authorized) if "tenant_id" in authorized else None
        begin_log(request_id(event), caller)
        try:
            if not from_provider:
                _check_door(event)
            _check_size(event, body_limit_bytes)
            if not from_provider:
                _check_json(event)
            verdict = None
            if caller is not None:
                verdict = _admitted(event, caller)
                caller = _visitor(event, caller)
            with calling(caller), acting(act_of(event.get("httpMethod", "")) if caller else None), collected() as notices:
                answer: dict[str, Any] = _once(event, caller, lambda: app.resolve(event, context))
            answer = _with_fields(answer, {**notices, **(verdict or {})})
        except PainelError as error:
            answer = _raw(_problem(event, error))
        except Exception:  # noqa: BLE001 - what escapes here, API Gateway would show to the caller with its text
            logger.exception("request failed")
            answer = _raw(_problem(event, PainelError()))
        logger.info("request", extra={"route": event.get("resource"), "status": answer.get("statusCode")})
        return {**answer, "body": answer.get("body") or ""}

    return handler


def keeps_signature(route: Callable[..., Any]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """functools.wraps for routes: annotations are resolved where the route was written, since the resolver would look here."""

    def decorate(wrapper: Callable[P, T]) -> Callable[P, T]:
        wrapped = functools.wraps(route)(wrapper)
        wrapped.__signature__ = inspect.signature(route, eval_str=True)  # type: ignore[attr-defined]
        return wrapped

    return decorate


def _visitor(event: Mapping[str, Any], caller: Caller) -> Caller:
    """`X-Tenant-Id` names the tenant for the platform's operators alone; of anyone else it is not even read (K34).

    A visitor's role is proved again where the transaction opens, and every visit is written down (identity/permissions.py).
    """
    named = header(event, "x-tenant-id")
    if not named or caller.platform_role not in VISITOR_ROLES:
        return caller
    try:
        tenant_id = UUID(named)
    except ValueError:
        raise InvalidRequest(errors=[{"field": "X-Tenant-Id", "message": "Input should be a valid UUID"}]) from None
    role = VISITOR_ROLES[caller.platform_role]
    return replace(caller, tenant_id=tenant_id, role=role, placement="", visiting=tenant_id != caller.tenant_id)


def _once(event: Mapping[str, Any], caller: Caller | None, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    if caller is None or event.get("httpMethod") != "POST" or not header(event, "idempotency-key"):
        return work()
    from painelml.core import idempotency

    return idempotency.once(event, caller, work)


def _admitted(event: Mapping[str, Any], caller: Caller) -> dict[str, str]:
    """The rate limit's response fields; raises RateLimited."""
    from painelml.core import rate_limit

    verdict = rate_limit.admit(event, caller)
    return {} if verdict is None else verdict.headers()


def _with_fields(answer: dict[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    if not fields:
        return answer
    return {**answer, "multiValueHeaders": {**(answer.get("multiValueHeaders") or {}), **{k: [v] for k, v in fields.items()}}}


def _check_door(event: Mapping[str, Any]) -> None:
    """Where WAF is off, only CloudFront's own header opens the regional endpoint."""
    expected = config().origin_secret
    if expected and not same(header(event, "x-origin-verify"), expected):
        raise Forbidden


def _check_size(event: Mapping[str, Any], limit_bytes: int) -> None:
    if len(event.get("body") or "") > limit_bytes:
        raise BodyTooLarge(limit_bytes=limit_bytes)


def _check_json(event: Mapping[str, Any]) -> None:
    """The resolver answers broken JSON well, but not text that is no UTF-8, nests too deeply, or holds endless numbers."""
    body = event.get("body") or ""
    if not body or not (header(event, "content-type") or JSON).startswith(JSON):
        return
    try:
        json.loads(base64.b64decode(body) if event.get("isBase64Encoded") else body)
    except (ValueError, RecursionError):
        raise MalformedJson from None


def _input_error(error: RequestValidationError) -> InvalidRequest:
    faults = error.errors()
    return InvalidRequest(
        errors=[
            {"field": ".".join(str(part) for part in fault["loc"][1:]) or str(fault["loc"][0]), "message": fault["msg"]}
            for fault in faults
        ]
    )


def _problem(event: Mapping[str, Any], error: PainelError) -> Response[str]:
    body = error.problem(language(event), request_id(event))
    return Response(
        status_code=error.status,
        content_type=PROBLEM,
        body=json.dumps(body, ensure_ascii=False, default=str),
        headers={"Cache-Control": "no-store", **error.fields()},
    )


def _raw(response: Response[str]) -> dict[str, Any]:
    return {
        "statusCode": response.status_code,
        "headers": {"Content-Type": PROBLEM, **{key: str(value) for key, value in response.headers.items()}},
        "body": response.body,
        "isBase64Encoded": False,
    }
