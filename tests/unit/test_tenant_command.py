"""`painel tenant`: what is wrong is said, and nothing is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from ops import asking, endpoints, tenants
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
    monkeypatch.setattr(asking, "LocalAws", lambda _home: made)
    monkeypatch.setattr(endpoints, "load", lambda _home: None)
    return made


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(tenants.app, [*arguments, "--json"])
    return result.exit_code, json.loads(result.stdout) if result.stdout else {}


@pytest.mark.parametrize("command", ["show", "suspend", "resume", "cancel"])
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


@pytest.mark.req("D022", "D026")
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"seconds": 1.26, "tenant": {"host": None, "host_status": None}}, ["working tenant: 1.3 s", "sign in at https://x"]),
        ({"seconds": None, "tenant": {"host": None, "host_status": None}}, ["not open yet", "--id"]),
        ({"seconds": 1.0, "tenant": {"host": "a.example", "host_status": "pending"}}, ["a.example is recorded, and pending"]),
    ],
)
def test_opening_says_how_long_it_took_and_where_it_is(asked: Asked, more: dict[str, Any], said: list[str]) -> None:
    asked.answer = {"warnings": [], "url": "https://x", **more}
    result = CliRunner().invoke(tenants.app, ["create", "--name", "Loja", "--email", "a@example.com"])
    assert result.exit_code == 0
    assert all(text in result.stdout for text in said), result.stdout


def test_an_erasure_asks_for_sub_tenants_only_where_it_is_told_to(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LocalAws", lambda _home: asked)
    monkeypatch.setattr(endpoints, "load", lambda _home: None)
    receipt = {"tenant_id": ID, "rows": {"app.orders": 2}, "objects": 1, "cache_keys": 0, "sha256": "ab"}
    asked.answer = receipt
    assert run("erase", "--id", ID)[0] == 1
    assert run("erase", "--id", ID, "--yes")[1]["sha256"] == "ab"
    asked.answer = {**receipt, "sub_tenants": [receipt]}
    assert run("erase", "--id", ID, "--yes", "--with-sub-tenants")[1]["sub_tenants"] == [receipt]
    assert [args["with_sub_tenants"] for _, args in asked] == [False, True]
