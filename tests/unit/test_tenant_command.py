"""`painel tenant`: what is wrong is said, and nothing is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from ops import endpoints, tenants
from ops.errors import OperationError

ID = "01a203cb-cc76-7c6d-b7b9-5819a39c17de"


class Asked(list[tuple[str, dict[str, Any]]]):
    """Every verb that was asked for, and the answer that each gets."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: dict[str, Any] | OperationError = {}

    def operate(self, verb: str, **args: Any) -> dict[str, Any]:
        self.append((verb, args))
        if isinstance(self.answer, OperationError):
            raise self.answer
        return self.answer


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    made = Asked()
    monkeypatch.setattr(tenants, "LocalAws", lambda _home: made)
    monkeypatch.setattr(endpoints, "load", lambda _home: None)
    return made


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(tenants.app, [*arguments, "--json"])
    return result.exit_code, json.loads(result.stdout) if result.stdout else {}


@pytest.mark.parametrize("command", ["show", "suspend", "resume"])
def test_a_wrong_id_asks_nothing_of_anyone(asked: Asked, command: str) -> None:
    code, said = run(command, "nonsense")
    assert (code, asked) == (1, [])
    assert "painel tenant list" in said["error"]["do"]


def test_an_unknown_tenant_is_told_with_what_to_do(asked: Asked) -> None:
    asked.answer = {"error": {"code": "not_found", "detail": "There is nothing here."}}
    code, said = run("suspend", ID)
    assert code == 1
    assert "Nothing was changed" in said["error"]["do"]


def test_a_dead_environment_is_told(asked: Asked) -> None:
    asked.answer = OperationError("The operations function could not be asked.", why="refused", do="See `painel status`.")
    code, said = run("list")
    assert (code, said["error"]["do"]) == (1, "See `painel status`.")


def test_a_dry_run_is_passed_on_and_a_missing_name_is_refused(asked: Asked) -> None:
    asked.answer = {"tenant_id": ID, "warnings": [], "plan": "BASIC", "placement": "pool", "dry_run": True}
    code, said = run("create", "--name", "Loja", "--email", "a@example.com", "--plan", "basic", "--dry-run")
    assert (code, said["dry_run"]) == (0, True)
    assert asked[0][1]["dry_run"] is True
    assert run("create", "--email", "a@example.com")[0] == 2
