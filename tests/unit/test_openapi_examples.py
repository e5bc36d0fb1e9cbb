"""Every body of the API document has an example, and every example is one that the API would take or give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from referencing import Registry
from referencing.jsonschema import DRAFT202012

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "docs" / "api" / "openapi.json").read_text(encoding="utf-8")
)
BASE = "urn:openapi"


def bodies() -> Iterator[Any]:
    for path, operations in DOCUMENT["paths"].items():
        for verb, operation in operations.items():
            if content := operation.get("requestBody", {}).get("content", {}).get("application/json"):
                yield pytest.param(content, id=f"{verb} {path}")
            for status, answer in operation["responses"].items():
                if status.startswith("2") and (content := answer.get("content", {}).get("application/json")):
                    yield pytest.param(content, id=f"{verb} {path} {status}")


@pytest.mark.parametrize("content", bodies())
def test_a_body_has_an_example_that_fits(content: dict[str, Any]) -> None:
    if content["schema"].get("type") == "null":
        return
    registry: Registry[Any] = Registry().with_resource(BASE, DRAFT202012.create_resource(DOCUMENT))
    schema = json.loads(json.dumps(content["schema"]).replace('"#/', f'"{BASE}#/'))
    assert "example" in content
    faults = [error.message for error in Draft202012Validator(schema, registry=registry).iter_errors(content["example"])]
    assert faults == []


def test_there_are_many() -> None:
    assert sum(1 for _ in bodies()) > 80
