"""Every statement of ours on a tenant table names the tenant, and none is put together from values (A063, A5, A15)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import painelml

PACKAGE = Path(painelml.__file__).parent
MODULES = sorted([*PACKAGE.rglob("queries.py"), PACKAGE / "core" / "idempotency.py"])
CALLS = {"rows", "one", "value", "execute"}
STATEMENT = re.compile(r"^\s*(select|insert|update|delete|with)\b", re.IGNORECASE)
TABLES = re.compile(r"\b(?:from|join|into|update)\s+(?:only\s+)?([a-z_]+(?:\.[a-z_]+)?)\b(?!\s*[(.])", re.IGNORECASE)
INSERT = re.compile(r"\s*insert\b", re.IGNORECASE)
NAMED = "tenant_id = %(tenant_id)s"


def statements(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and STATEMENT.match(node.value):
            yield " ".join(node.value.split())


def names_its_tenant(statement: str) -> bool:
    """A call of a function needs no tenant of its own; an insert gives it as a value; the rest says it in a predicate."""
    if INSERT.match(statement):
        return "%(tenant_id)s" in statement
    if not {table for table in TABLES.findall(statement) if table.lower() not in ("unnest", "lateral", "set")}:
        return True
    return NAMED in statement


@pytest.mark.req("A054", "A063", "D044")
@pytest.mark.parametrize("module", MODULES, ids=lambda path: ".".join(path.relative_to(PACKAGE).with_suffix("").parts))
def test_every_statement_names_its_tenant(module: Path) -> None:
    assert [statement for statement in statements(module) if not names_its_tenant(statement)] == []


@pytest.mark.req("A063")
def test_there_is_something_to_look_at() -> None:
    assert sum(1 for module in MODULES for _ in statements(module)) >= 20


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_no_statement_is_built_from_values(module: Path) -> None:
    """The text handed to a session is written out: no f-string, no +, no %, no format()."""
    built = [
        node.lineno
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CALLS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "session"
        and node.args
        and not isinstance(node.args[0], ast.Constant | ast.Name)
    ]
    assert built == []


@pytest.mark.parametrize(
    "statement",
    [
        "select * from app.orders",
        "select * from app.orders where id = %(id)s",
        "update app.orders set tenant_id = %(other)s where id = %(id)s",
        "delete from app.orders",
        "insert into app.orders (id) values (%(id)s)",
        "select * from app.orders where tenant_id = %(other)s",
    ],
)
def test_a_statement_that_forgets_its_tenant_is_seen(statement: str) -> None:
    assert not names_its_tenant(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "select * from app.orders where tenant_id = %(tenant_id)s and id = %(id)s",
        "insert into app.orders (tenant_id, id) values (%(tenant_id)s, %(id)s)",
        "select * from app.own_tenant()",
        "select app.tid()",
    ],
)
def test_a_statement_that_names_it_is_let_be(statement: str) -> None:
    assert names_its_tenant(statement)
