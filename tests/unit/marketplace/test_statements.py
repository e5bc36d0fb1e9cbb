"""Statements stay small: over 16 KB of text pins an RDS Proxy connection, however the values travel."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import painelml

LIBRARY = Path(str(painelml.__file__)).parent
LIMIT = 16 * 1024
QUERIES = sorted(LIBRARY.rglob("queries.py"))


def statements(path: Path) -> list[str]:
    """Every string of a module that is SQL."""
    verbs = ("select", "insert", "update", "delete", "with")
    constants = (node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant))
    return [text for text in constants if isinstance(text, str) and text.strip().lower().startswith(verbs)]


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: ".".join(path.relative_to(LIBRARY).parent.parts))
def test_no_statement_text_comes_near_the_proxys_limit(path: Path) -> None:
    assert statements(path)
    assert max(len(text.encode()) for text in statements(path)) < LIMIT // 2
