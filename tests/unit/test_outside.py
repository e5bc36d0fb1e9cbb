"""Those who look at the system from outside know only endpoints.json and HTTP."""

from __future__ import annotations

import ast

import pytest

from tests.system import ROOT

OUTSIDE = [
    *sorted((ROOT / "tests" / "e2e").glob("*.py")),
    *(ROOT / "ops" / f"{name}.py" for name in ("smoke", "seller", "demo")),
]
INSIDE = {"painelml", "lambdas", "migrations", "stacks", "cdk_app"}


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_of_the_inside_is_imported(path: object) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / str(path)).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    assert not imported & INSIDE
