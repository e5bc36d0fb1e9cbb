"""Examples for the API document: a value for each field name, put together as the schemas say."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TENANT, PERSON, ACCOUNT = (
    "01940000-0000-7000-8000-000000000001",
    "01940000-0000-7000-8000-000000000002",
    "01940000-0000-7000-8000-000000000003",
)
MOMENT = "2026-11-25T12:00:00.000Z"
PASSWORD = "quatro palavras bem longas"  # noqa: S105 - an example, and the pages' own advice

VALUES: dict[str, Any] = {
    "access_token": "eyJhbGciOiJFUzI1NiIsImtpZCI6Ii4uLiJ9…",
    "account_id": ACCOUNT,
    "actor_id": PERSON,
    "amount": 9980,
    "authorization_url": "https://auth.mercadolivre.com.br/authorization?response_type=code&client_id=…",
    "buyer_id": "700000001",
    "category_id": "MLB1000",
    "city": "São Paulo",
    "code": "123456",
    "company_name": "Loja da Ana",
    "currency": "BRL",
    "current_password": PASSWORD,
    "days": 90,
    "email": "ana@loja.example",
    "expires_in": 900,
    "favicon_key": "brand/favicon.png",
    "grace_days": 7,
    "host": "vendas.loja.example",
    "id": "01940000-0000-7000-8000-000000000004",
    "item_id": "MLB4000000101",
    "key": "pml_live_4f9QxT…",
    "limit": 10,
    "listing_type_id": "gold_special",
    "logistic_type": "cross_docking",
    "logo_key": "brand/logo.png",
    "max_accounts": 3,
    "mode": "me2",
    "name": "Loja da Ana",
    "new_password": PASSWORD,
    "nickname": "LOJADAANA",
    "order_id": "2000011800000001",
    "pack_id": "2000008800000001",
    "password": PASSWORD,
    "path": "/ml-accounts/connect",
    "plan": "painel.pro",
    "plans": ["painel.pro", "atendimento.starter"],
    "prefix": "pml_live_4f9Q",
    "primary_color": "#4F46E5",
    "quantity": 2,
    "rate_limit_15m": 500,
    "refresh_token": "c2VtIHNlbnRpZG8gbmVuaHVtIGFxdWk",
    "resource": "/orders/2000011800000001",
    "role": "ADMIN",
    "secondary_color": "#7C3AED",
    "seller_id": "1482301177",
    "seller_sku": "NIV-500",
    "shipment_id": "45100000001",
    "site_id": "MLB",
    "stripe_customer_id": "cus_NffrFeUfNV2Hib",
    "tenant_id": TENANT,
    "tenant_name": "Loja da Ana",
    "text": "Temos sim, e enviamos hoje.",
    "time_zone": "America/Sao_Paulo",
    "title": "Creme hidratante 500 ml",
    "token": "c2VtIHNlbnRpZG8gbmVuaHVtIGFxdWk",
    "tracking_number": "BR123456789BR",
    "type": "account_money",
    "user_id": PERSON,
    "zip_code": "01310-100",
}
DEEPEST = 8


def with_examples(document: Schema) -> Schema:
    """The document with an `example` at every JSON body of a request and of a 2xx answer."""
    schemas = document["components"]["schemas"]
    for operations in document["paths"].values():
        for operation in operations.values():
            bodies = [operation.get("requestBody", {})]
            bodies += [answer for status, answer in operation["responses"].items() if status.startswith("2")]
            for body in bodies:
                content = body.get("content", {}).get("application/json")
                if content and content.get("schema"):
                    content["example"] = example(content["schema"], schemas)
    return document


def example(schema: Schema, schemas: dict[str, Schema], name: str = "", depth: int = 0) -> Any:
    """A value that fits the schema; `name` is the field that it is for."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas, name, depth)
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        kinds = [kind for kind in schema["anyOf"] if kind.get("type") != "null"]
        return example(kinds[0], schemas, name, depth)
    if "enum" in schema:
        return VALUES[name] if VALUES.get(name) in schema["enum"] else schema["enum"][0]
    maker = {"object": _object, "array": _array}.get(schema.get("type", ""))
    return maker(schema, schemas, name, depth) if maker else _scalar(schema, name)


def _object(schema: Schema, schemas: dict[str, Schema], _name: str, depth: int) -> Any:
    if depth > DEEPEST:
        return {}
    return {field: example(of, schemas, field, depth + 1) for field, of in schema.get("properties", {}).items()}


def _array(schema: Schema, schemas: dict[str, Schema], name: str, depth: int) -> Any:
    if isinstance(VALUES.get(name), list) and schema.get("items", {}).get("type") == "string":
        return VALUES[name]
    return [example(schema.get("items", {}), schemas, name.removesuffix("s"), depth + 1)]


def _scalar(schema: Schema, name: str) -> Any:
    kind = schema.get("type")
    if kind in ("integer", "number"):
        given = VALUES.get(name)
        value: float = given if isinstance(given, int | float) else schema.get("default", 1)
        return min(max(value, schema.get("minimum", value)), schema.get("maximum", value))
    if kind == "boolean":
        return schema.get("default", True)
    if kind == "string":
        return _text(schema, name)
    return VALUES.get(name)


def _text(schema: Schema, name: str) -> str:
    if schema.get("format") == "uuid":
        return str(VALUES.get(name, PERSON))
    if name.endswith(("_at", "_start", "_end")) or name in ("at", "since"):
        return MOMENT
    if schema.get("format") == "uri" or name in ("url", "permalink", "thumbnail"):
        return "https://…"
    if isinstance(schema.get("default"), str):
        return str(schema["default"])
    if isinstance(VALUES.get(name), str):
        return str(VALUES[name])
    return name.replace("_", " ") or "…"
