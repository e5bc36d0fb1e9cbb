"""docs/api/openapi.json: one OpenAPI 3.1 document, made from the handlers themselves, so that it cannot drift from them."""

from __future__ import annotations

import importlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from ops.openapi_examples import with_examples

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "api" / "openapi.json"
PUBLIC_PREFIXES = (
    "/auth/",
    "/.well-known/",
    "/health",
    "/ready",
    "/webhooks/",
    "/ml-accounts/callback",
    "/billing/plans",
    "/branding/public",
)
AUTHORIZED = ("/auth/switch-tenant",)
PROBLEM_STATUSES = {
    "400": "The request is not valid; nothing was written.",
    "401": "The access token is missing, expired or not ours.",
    "403": "The caller's role does not permit this.",
    "404": "Nothing here with this id in this account.",
    "402": "The plan's limit is reached; the answer names it and the way up.",
    "409": "The present state does not allow this.",
    "413": "The body is too large.",
    "422": "The Idempotency-Key came with another request before; nothing was written.",
    "429": "Too many requests; wait for Retry-After seconds.",
    "503": "A dependency did not answer; nothing was written.",
}
TAGS = {
    "auth": ("auth .well-known me", "Entrar e sair · Sign-up, login, the life of a session"),
    "tenant": (
        "tenant users invitations api-keys audit-log settings branding",
        "A empresa e sua equipe · The company and its people",
    ),
    "mercado livre": (
        "ml-accounts sync-runs reconciliations",
        "Contas conectadas e sincronização · Connected accounts and their syncs",
    ),
    "data": (
        "items orders shipments payments packs questions messages claims billing-periods",
        "Anúncios e pedidos · Listings and orders",
    ),
    "billing": ("billing", "Planos, assinatura e uso · Plans, subscription and use"),
    "webhooks": ("webhooks", "Portas de entrada dos parceiros · Where partners knock"),
    "platform": ("admin", "Operação da plataforma · For platform roles only"),
    "health": ("health ready", "Saúde do serviço · Whether the service is well"),
}
_GROUP = {segment: tag for tag, (segments, _) in TAGS.items() for segment in segments.split()}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Sent again with the same key within 24 hours, the same request gets the same answer and no second effect.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457 problem document; `code` is stable, the texts follow Accept-Language (pt-BR, en).",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
MERCADO_LIVRE_INTAKE = {
    "post": {
        "tags": ["webhooks"],
        "summary": "Mercado Livre's notifications, straight into the queue",
        "description": "Answers 200 to everything that reached the queue; a worker judges the notification. 503: send again.",
        "operationId": "mercado_livre_notification",
        "security": [],
        "parameters": [{"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {"200": {"description": "In the queue."}, "503": {"$ref": "#/components/responses/Problem503"}},
    }
}


def document() -> dict[str, Any]:
    """The whole surface: every handler's routes, the intake that has no function, and one shape of errors."""
    os.environ.setdefault("PAINEL_ENV", "local")
    paths: dict[str, Any] = {"/webhooks/mercado-livre/{token}": MERCADO_LIVRE_INTAKE}
    schemas: dict[str, Any] = {"Problem": PROBLEM_SCHEMA}
    for app in _apps():
        part = app.get_openapi_schema(title="PainelML", version="1").model_dump(by_alias=True, exclude_none=True, mode="json")
        for path, operations in part["paths"].items():
            paths.setdefault(path, {}).update({verb: _finished(path, verb, told) for verb, told in operations.items()})
        _merge_schemas(schemas, part.get("components", {}).get("schemas", {}))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "PainelML API",
            "version": "1",
            "description": "A API do PainelML para vendedores do Mercado Livre. Entre em `POST /auth/login`, copie o "
            "`access_token` para **Authorize** e experimente.\n\nErrors are RFC 9457 problem documents.",
        },
        "servers": [{"url": "/api/v1", "description": "This environment, on the panel's own origin"}],
        "tags": [{"name": tag, "description": told} for tag, (_, told) in TAGS.items()],
        "security": [{"bearer": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": dict(sorted(schemas.items())),
            "responses": {f"Problem{status}": _problem(text) for status, text in PROBLEM_STATUSES.items()},
        },
    }


def text() -> str:
    return json.dumps(with_examples(document()), ensure_ascii=False, indent=2) + "\n"


def is_current() -> bool:
    """Whether the committed document is what the handlers say now."""
    return DOCUMENT.exists() and DOCUMENT.read_text(encoding="utf-8") == text()


def write() -> None:
    DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
    DOCUMENT.write_text(text(), encoding="utf-8")


def _apps() -> Iterator[APIGatewayRestResolver]:
    for folder in sorted((ROOT / "lambdas").iterdir()):
        if (folder / "handler.py").exists():
            app = getattr(importlib.import_module(f"lambdas.{folder.name}.handler"), "app", None)
            if isinstance(app, APIGatewayRestResolver):
                yield app


def _finished(path: str, verb: str, operation: dict[str, Any]) -> dict[str, Any]:
    """An operation with our errors in place of the framework's, and no lock where the authorizer is not asked."""
    public = path.startswith(PUBLIC_PREFIXES) and path not in AUTHORIZED
    kept = {status: answer for status, answer in operation.get("responses", {}).items() if status not in ("422", "500")}
    wanted = {"400", "429", "503"} | (set() if public else {"401", "403"}) | ({"404"} if "{" in path else set())
    if verb in ("post", "put", "patch", "delete"):
        wanted |= {"402", "409"} | ({"413"} if "requestBody" in operation else set())
    if verb == "post" and not public:
        wanted |= {"422"}
        operation = {**operation, "parameters": [*operation.get("parameters", []), IDEMPOTENCY_KEY]}
    for status in sorted(wanted):
        kept.setdefault(status, {"$ref": f"#/components/responses/Problem{status}"})
    name = _function_name(path, verb, operation["operationId"])
    named = {"tags": [_GROUP[path.split("/")[1]]], "operationId": name, "summary": name.replace("_", " ").capitalize()}
    finished = {**operation, **named, "responses": dict(sorted(kept.items()))}
    return {**finished, "security": []} if public else finished


def _function_name(path: str, verb: str, operation_id: str) -> str:
    """The handler's own name for the operation: Powertools appends path and verb to it."""
    return operation_id.removesuffix(f"_{verb}").removesuffix(re.sub(r"\W", "_", path)).strip("_")


def _merge_schemas(into: dict[str, Any], schemas: dict[str, Any]) -> None:
    for name, schema in schemas.items():
        if name in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
            continue
        if into.get(name, schema) != schema:
            raise ValueError(f"Two handlers mean different things by the schema {name!r}. Rename one of the models.")
        into[name] = schema


def _problem(text: str) -> dict[str, Any]:
    return {
        "description": text,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
