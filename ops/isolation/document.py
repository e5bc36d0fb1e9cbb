"""The OpenAPI document as an attacker reads it: every operation, every parameter that may carry an id, sample bodies."""

from __future__ import annotations

import copy
import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

VERBS = ("get", "put", "post", "patch", "delete")
# Doors of partners: they carry no caller, and their own proofs (token, signature) are tested with them.
PARTNERS = "/webhooks/"
PLATFORM = "/admin/"
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One route. `path_ids`, `query_ids`: names of parameters; `body_ids`: paths of properties, `is_public`: no token asked."""

    method: str
    path: str
    is_public: bool
    path_ids: tuple[str, ...]
    query_ids: tuple[str, ...]
    body_ids: tuple[tuple[str, ...], ...]
    body: Schema | None
    patterns: dict[str, Schema] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_platform(self) -> bool:
        return self.path.startswith(PLATFORM)

    def at(self, ids: dict[str, str]) -> str:
        """The path with each parameter filled in."""
        return re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], self.path)


class Document:
    """docs/api/openapi.json, which is made from the handlers."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told

    @classmethod
    def read(cls, path: Path) -> Document:
        return cls(json.loads(path.read_text(encoding="utf-8")))

    @cached_property
    def operations(self) -> list[Operation]:
        return [
            self._operation(verb, path, verbs[verb])
            for path, verbs in self.told["paths"].items()
            for verb in VERBS
            if verb in verbs and not path.startswith(PARTNERS)
        ]

    def has(self, method: str, path: str) -> bool:
        return method.lower() in self.told["paths"].get(path, {})

    def sample(self, schema: Schema, text: Callable[[str, Schema], str] | None = None, name: str = "") -> Any:
        """A value that `schema` accepts; `text` makes free texts (told the property's name and schema)."""
        schema = self.resolved(schema)
        if "anyOf" in schema:
            return self.sample(schema["anyOf"][0], text, name)
        for known in ("const", "default"):
            if schema.get(known) is not None:
                return copy.deepcopy(schema[known])
        if "enum" in schema:
            return schema["enum"][-1]
        return self._of_kind(schema, text, name)

    def _of_kind(self, schema: Schema, text: Callable[[str, Schema], str] | None, name: str) -> Any:
        kind = schema.get("type", "object")
        if kind == "object":
            wanted = schema.get("properties", {})
            names = wanted if text else (schema.get("required") or list(wanted)[:1])
            return {key: self.sample(wanted[key], text, key) for key in names}
        if kind == "string":
            return _text(schema, name, text)
        if kind == "array":
            return [self._item(self.resolved(schema["items"]), text, name)] if schema.get("minItems") else []
        return {"integer": schema.get("minimum", 1), "number": schema.get("minimum", 1), "boolean": True}.get(kind)

    def _item(self, schema: Schema, text: Callable[[str, Schema], str] | None, name: str) -> Any:
        """Of a choice the first: the last of the permissions is the platform's."""
        return schema["enum"][0] if "enum" in schema else self.sample(schema, text, name)

    def resolved(self, schema: Schema) -> Schema:
        """The schema behind a reference."""
        while "$ref" in schema:
            schema = self.told["components"]["schemas"][schema["$ref"].rsplit("/", maxsplit=1)[1]]
        return schema

    def _operation(self, verb: str, path: str, told: dict[str, Any]) -> Operation:
        parameters = told.get("parameters", [])
        body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        return Operation(
            method=verb.upper(),
            path=path,
            is_public=told.get("security") == [],
            path_ids=tuple(re.findall(r"\{(\w+)\}", path)),
            query_ids=tuple(p["name"] for p in parameters if p.get("in") == "query" and self._bears_id(p["name"], p["schema"])),
            body_ids=tuple(self._ids_in(body)) if body else (),
            body=body,
            patterns={p["name"]: p["schema"] for p in parameters if p.get("in") == "path"},
        )

    def _ids_in(self, schema: Schema, within: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        schema = self.resolved(schema)
        for option in schema.get("anyOf", []):
            yield from self._ids_in(option, within)
        for name, told in schema.get("properties", {}).items():
            if self._bears_id(name, told):
                yield (*within, name)
            elif len(within) < 3:
                yield from self._ids_in(told, (*within, name))

    def _bears_id(self, name: str, schema: Schema) -> bool:
        schema = self.resolved(schema)
        options: list[Schema] = [self.resolved(option) for option in schema.get("anyOf", [schema])]
        formats = {option.get("format") for option in options} | {option.get("items", {}).get("format") for option in options}
        return "uuid" in formats or name in ("id", "ids", "cursor") or name.endswith(("_id", "_ids"))


def random_id(like: str) -> str:
    """An id of the same kind as `like` that nothing has."""
    if re.fullmatch(r"[0-9a-f-]{36}", like):
        return str(uuid4())

    def other(found: re.Match[str]) -> str:
        return "9" + "".join(secrets.choice("0123456789") for _ in found[0][1:])

    return re.sub(r"\d{3,}", other, like)


def _text(schema: Schema, name: str, text: Callable[[str, Schema], str] | None) -> str:
    if schema.get("format") == "uuid":
        return str(uuid4())
    if text is not None:
        return text(name, schema)
    if name == "time_zone":
        return "America/Sao_Paulo"  # no schema tells that it is one of IANA's
    if schema.get("format") == "email" or "email" in name:
        return f"x-{uuid4().hex[:12]}@painelml.example"
    return "x" * max(1, int(schema.get("minLength", 1)))
