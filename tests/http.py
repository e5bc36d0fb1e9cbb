"""Calls handlers as API Gateway does: a REST proxy event, with the context that the real authorizer made of the token."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any
from uuid import uuid4

from cdk_app.function_table import API_FUNCTIONS
from lambdas.authorizer import handler as authorizer
from painelml.core.caller import Caller
from painelml.identity import tokens

ARN = "arn:aws:execute-api:us-east-1:000000000000:local/api"


@dataclass(frozen=True, slots=True)
class Context:
    """Lambda's context, as far as Powertools looks at it."""

    aws_request_id: str = "00000000-0000-4000-8000-000000000000"
    function_name: str = "painelml"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:painelml"
    remaining_ms: int = 28_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@dataclass(frozen=True, slots=True)
class Answer:
    """What the handler answered. `headers` have lower-case names."""

    status: int
    headers: dict[str, str]
    text: str
    cookies: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def call(
    handler: Callable[[dict[str, Any], Any], dict[str, Any]],
    method: str,
    path: str,
    *,
    body: Any = None,
    caller: Caller | None = None,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    address: str = "127.0.0.1",
) -> Answer:
    """One request to `path` (written without `/v1`).

    `body`: text and bytes travel as they are, anything else as JSON. `caller` gets a fresh token; `token` is sent as it stands.
    With either the route counts as authorized, so a token that the authorizer refuses is answered 401 here, as the gateway
    would. Without, the route counts as public.
    """
    if caller is not None:
        token = tokens.issue(caller)
    event = rest_event(method, path, body=body, headers=headers, query=query)
    event["requestContext"]["identity"]["sourceIp"] = address
    if token is not None:
        event["headers"]["Authorization"] = f"Bearer {token}"
        try:
            event["requestContext"]["authorizer"] = authorized(event)
        except Exception as refusal:  # noqa: BLE001 - the gateway knows no finer
            assert str(refusal) == "Unauthorized"
            return Answer(401, {"content-type": "application/problem+json"}, '{"status": 401, "code": "unauthenticated"}', {})
    return _answer(handler(event, Context()))


def gateway(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The handler that API Gateway would choose for the path: the function table's most exact route."""
    path = event["path"].removeprefix("/v1/")
    owner = next(name for route, name in _ROUTES if path == route or path.startswith(f"{route}/"))
    answer: dict[str, Any] = import_module(f"lambdas.{owner}.handler").handler(event, context)
    return answer


_ROUTES = sorted(((route.path, spec.name) for spec in API_FUNCTIONS for route in spec.routes), key=lambda pair: -len(pair[0]))


def rest_event(
    method: str,
    path: str,
    *,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A REST API proxy event, without an authorizer's context."""
    sent = {"Content-Type": "application/json", "User-Agent": "painel-tests", **(headers or {})}
    text, is_base64 = _body(body)
    return {
        "resource": "/v1/{proxy+}",
        "path": f"/v1{path}",
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "pathParameters": {"proxy": path.lstrip("/")},
        "stageVariables": None,
        "requestContext": {
            "requestId": str(uuid4()),
            "stage": "api",
            "path": f"/api/v1{path}",
            "httpMethod": method,
            "resourcePath": "/v1/{proxy+}",
            "identity": {"sourceIp": "127.0.0.1", "userAgent": sent["User-Agent"]},
        },
        "body": text,
        "isBase64Encoded": is_base64,
    }


def authorized(event: dict[str, Any]) -> dict[str, Any]:
    """What the real authorizer tells the gateway about this request; raises as it does."""
    asked = {**event, "type": "REQUEST", "methodArn": f"{ARN}/{event['httpMethod']}{event['path']}"}
    policy = authorizer.handler(asked, Context())
    return {"principalId": policy["principalId"], **policy["context"]}


def _body(body: Any) -> tuple[str | None, bool]:
    if body is None or isinstance(body, str):
        return body, False
    if isinstance(body, bytes):
        return base64.b64encode(body).decode(), True
    return json.dumps(body), False


def _answer(raw: dict[str, Any]) -> Answer:
    many = {name.lower(): values for name, values in (raw.get("multiValueHeaders") or {}).items()}
    headers = {name: str(values[-1]) for name, values in many.items() if values}
    headers |= {name.lower(): str(value) for name, value in (raw.get("headers") or {}).items()}
    cookies: dict[str, str] = {}
    for line in many.get("set-cookie", []):
        cookies |= {name: morsel.OutputString() for name, morsel in SimpleCookie(line).items()}
    return Answer(raw["statusCode"], headers, raw.get("body") or "", cookies)
