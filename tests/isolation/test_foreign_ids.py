"""Every route with an id in its path, from the OpenAPI document: another tenant's id is 404 with no byte of theirs."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.shops import Shop
from tests.system import ROOT, System

DOCUMENT = json.loads((ROOT / "docs" / "api" / "openapi.json").read_text(encoding="utf-8"))
VERBS = ("get", "put", "post", "patch", "delete")
PLATFORM = "/admin/"


def routes_with_ids() -> list[tuple[str, str]]:
    return [
        (verb.upper(), path)
        for path, operations in DOCUMENT["paths"].items()
        for verb in VERBS
        if verb in operations and "{" in path and not path.startswith("/webhooks/")
    ]


def ids_of(shop: Shop) -> dict[str, str]:
    """An id of this shop for each path parameter that the document knows."""
    seller = shop.seller
    return {
        "order_id": seller.every("/orders")[0]["id"],
        "item_id": seller.every("/items")[0]["id"],
        "account_id": shop.account["id"],
        "run_id": seller.every("/sync-runs")[0]["id"],
        "user_id": seller.call("GET", "/me", expect=200)["user"]["id"],
        "tenant_id": seller.call("GET", "/tenant", expect=200)["id"],
    }


def sample(schema: dict[str, Any]) -> Any:
    """The smallest value that a schema of the document accepts."""
    if "$ref" in schema:
        return sample(DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", maxsplit=1)[1]])
    for known in ("const", "default"):
        if known in schema:
            return schema[known]
    if "enum" in schema or "anyOf" in schema:
        return schema["enum"][0] if "enum" in schema else sample(schema["anyOf"][0])
    return _plain(schema)


def _plain(schema: dict[str, Any]) -> Any:
    if schema.get("type") == "object":
        required = schema.get("required") or list(schema.get("properties", {}))[:1]
        return {name: sample(schema["properties"][name]) for name in required}
    email = schema.get("format") == "email"
    text = "x@painelml.example" if email else "x" * max(1, schema.get("minLength", 1))
    return {"string": text, "integer": schema.get("minimum", 1), "boolean": True, "array": []}[schema["type"]]


def body_of(verb: str, path: str) -> Any:
    told = DOCUMENT["paths"][path][verb.lower()].get("requestBody")
    return sample(told["content"]["application/json"]["schema"]) if told else None


@pytest.mark.req("A003", "A055", "A150", "A160", "D003", "D076")
@pytest.mark.parametrize(("verb", "path"), routes_with_ids())
def test_a_foreign_id_is_not_found(system: System, shop: Shop, other_shop: Shop, verb: str, path: str) -> None:
    theirs = ids_of(other_shop)
    asked = re.sub(r"\{(\w+)\}", lambda found: theirs[found[1]], path)
    answer = shop.seller.send(verb, asked, body_of(verb, path))
    assert answer.status_code == (403 if path.startswith(PLATFORM) else 404), answer.text
    for canary in (other_shop.email, str(other_shop.seller_id), other_shop.account["nickname"]):
        assert canary not in answer.text


@pytest.mark.parametrize(("verb", "path"), [route for route in routes_with_ids() if route[0] == "GET"])
def test_the_same_ids_are_found_by_their_owner(system: System, other_shop: Shop, verb: str, path: str) -> None:
    """Without this, a typo in a path would make the test above pass for nothing."""
    asked = re.sub(r"\{(\w+)\}", lambda found: ids_of(other_shop)[found[1]], path)
    answer = other_shop.seller.send(verb, asked)
    assert answer.status_code == (403 if path.startswith(PLATFORM) else 200), answer.text
