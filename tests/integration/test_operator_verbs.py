"""`painel tenant|keys|audit|isolation` against the real operations: what is wrong is said, and nothing is changed."""

from __future__ import annotations

import json
import socket
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from typer.testing import CliRunner

from lambdas.operations.handler import handler as operations
from ops import asking, cli, endpoints, operating
from ops.errors import EXIT_CODES, OperationError
from ops.home import Home
from painelml.core.config import config
from painelml.core.db import disconnect
from tests.people import sign_up, tenant_of, unique_email
from tests.platform import tell
from tests.servers import Database

pytestmark = pytest.mark.usefixtures("platform", "_here")

VERBS = (
    "tenant create --name Loja --email a@example.com",
    "tenant list",
    "tenant show ID",
    "tenant suspend ID",
    "tenant resume ID",
    "tenant cancel ID",
    "tenant erase --id ID --yes",
    "tenant replay-erasures",
    "keys reseal",
    "audit verify",
    "audit verify --tenant ID",
    "audit export --tenant ID --to FILE",
)
ABOUT_ONE = [verb for verb in VERBS if "ID" in verb]


class Here:
    """The operations function, in this process: an uncaught error is what Lambda makes of it."""

    def __init__(self, _home: Home) -> None:
        pass

    def operate(self, verb: str, **args: Any) -> Any:
        try:
            return json.loads(json.dumps(operations({"verb": verb, "args": json.loads(json.dumps(args))}, None)))
        except Exception as error:
            raise OperationError(f"The operations function failed at {verb}.", why=str(error), do="See its log.") from error


@dataclass(frozen=True)
class Said:
    code: int
    document: dict[str, Any]
    text: str

    @property
    def error(self) -> dict[str, str]:
        return dict(self.document["error"])


@pytest.fixture
def _here(monkeypatch: pytest.MonkeyPatch, platform: Database) -> None:
    monkeypatch.setattr(asking, "LocalAws", Here)
    monkeypatch.setattr(operating, "LocalAws", Here)
    monkeypatch.setattr(endpoints, "load", lambda _home: None)
    monkeypatch.setattr(operating, "_keep_keys", lambda _env: None)


@pytest.fixture
def dead(platform: Database) -> Generator[None]:
    """A database that nobody answers for."""
    kept = {"PAINEL_DATABASE_URL": platform.app_url, "PAINEL_OWNER_DATABASE_URL": platform.owner_url}
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql://app@127.0.0.1:{nobody.getsockname()[1]}/painelml"
    disconnect()
    tell(**dict.fromkeys(kept, url))
    try:
        yield
    finally:
        tell(**kept)
        config.cache_clear()
        disconnect()


def run(verb: str, tmp_path: Path, *, tenant: str = "") -> Said:
    words = [{"ID": tenant, "FILE": str(tmp_path / "log.jsonl")}.get(word, word) for word in verb.split()]
    result = CliRunner().invoke(cli.app, [*words, "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Said(result.exit_code, json.loads(result.stdout) if result.stdout else {}, result.output)


def everything(database: Database) -> list[tuple[Any, ...]]:
    """What the verbs could change: every tenant, and how long its chain is."""
    with psycopg.connect(database.superuser_url) as connection:
        found = connection.execute(
            """
            select t.id, t.name, t.status, t.updated_at, h.sequence
            from directory.tenants t left join directory.audit_heads h on h.tenant_id = t.id and not t.is_house
            order by t.id
            """
        )
        return found.fetchall()


@pytest.mark.req("D022", "D027")
@pytest.mark.parametrize("verb", ABOUT_ONE)
def test_an_unknown_tenant_is_named_and_nothing_is_changed(verb: str, tmp_path: Path, database: Database) -> None:
    before = everything(database)
    said = run(verb, tmp_path, tenant=str(uuid4()))
    assert said.code == 1, said.text
    if "erase" in verb:
        assert "There is no tenant" in said.error["why"] and "Nothing was erased" in said.error["why"]
    else:
        assert "not_found" in said.error["what"]
        assert "painel tenant list" in said.error["do"] and "Nothing was changed" in said.error["do"]
    assert everything(database) == before
    assert not (tmp_path / "log.jsonl").exists()


@pytest.mark.parametrize("verb", ABOUT_ONE)
def test_what_is_no_id_is_refused_before_anyone_is_asked(verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Here, "operate", lambda *_, **__: pytest.fail("operations was asked"))
    said = run(verb, tmp_path, tenant="loja-da-ana")
    assert said.code == 1
    assert "'loja-da-ana'" in said.error["what"]
    assert "painel tenant list" in said.error["do"]


@pytest.mark.usefixtures("dead")
@pytest.mark.parametrize("verb", VERBS)
def test_a_dead_database_is_said_with_what_to_do(verb: str, tmp_path: Path) -> None:
    said = run(verb, tmp_path, tenant=str(uuid4()))
    assert said.code == 1, said.text
    assert "database_unavailable" in said.error["what"] + said.error["why"]
    assert said.error["do"]
    assert "password" not in said.text
    assert not (tmp_path / "log.jsonl").exists()


@pytest.mark.parametrize(
    "verb",
    [
        "tenant",
        "tenant create --name Loja",
        "tenant create --name Loja --email a@example.com --max-accounts many",
        "tenant show",
        "tenant suspend ID --hard",
        "tenant erase --yes",
        "keys",
        "keys rotate --now",
        "audit verify --tenants ID",
        "audit export --tenant ID",
        "isolation report --long",
        "tenants list",
    ],
)
def test_a_wrong_command_line_is_exit_code_two(verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Here, "operate", lambda *_, **__: pytest.fail("operations was asked"))
    assert run(verb, tmp_path, tenant=str(uuid4())).code == 2


@pytest.mark.req("K36")
@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        ("--plan painel.gold", "unknown_plan", "painel.enterprise"),
        ("--email nobody", "invalid_request", "email"),
        ("--domain http://x", "invalid_request", "domain"),
        ("--max-accounts 0", "invalid_request", "max_accounts"),
    ],
)
def test_a_wish_that_cannot_be_met_opens_nothing(options: str, code: str, why: str, tmp_path: Path, database: Database) -> None:
    before = everything(database)
    said = run(f"tenant create --name Loja --email {unique_email()} {options}", tmp_path)
    assert (said.code, code in said.error["what"], why in said.error["why"]) == (1, True, True), said.text
    assert everything(database) == before


def test_an_address_that_is_taken_opens_nothing(tmp_path: Path, database: Database) -> None:
    owner = sign_up()
    before = everything(database)
    said = run(f"tenant create --name Loja --email {owner.email}", tmp_path)
    assert (said.code, "email_taken" in said.error["what"]) == (1, True)
    assert everything(database) == before


def test_a_move_that_is_not_allowed_says_which_are(tmp_path: Path) -> None:
    tenant = str(tenant_of(sign_up()))
    operations({"verb": "tenant-move", "args": {"id": tenant, "status": "CANCELLED"}}, None)
    said = run("tenant suspend ID", tmp_path, tenant=tenant)
    assert (said.code, "move_not_allowed" in said.error["what"], "ACTIVE" in said.error["why"]) == (1, True, True)
    assert run("tenant resume ID", tmp_path, tenant=tenant).code == 0


def test_a_tenant_is_erased_only_with_yes_and_only_when_cancelled(tmp_path: Path, database: Database) -> None:
    tenant = str(tenant_of(sign_up()))
    before = everything(database)
    assert "--yes" in run("tenant erase --id ID", tmp_path, tenant=tenant).error["do"]
    refused = run("tenant erase --id ID --yes", tmp_path, tenant=tenant)
    assert (refused.code, bool(refused.error["why"])) == (1, True)
    assert everything(database) == before


def test_an_export_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("kept", encoding="utf-8")
    said = run("audit export --tenant ID --to FILE", tmp_path, tenant=str(tenant_of(sign_up())))
    assert (said.code, "--to" in said.error["do"]) == (1, True)
    assert (tmp_path / "log.jsonl").read_text(encoding="utf-8") == "kept"


def test_each_verb_does_its_work_with_exit_code_zero(tmp_path: Path) -> None:
    tenant = str(tenant_of(sign_up()))
    for verb in ("tenant list", "tenant show ID", "tenant suspend ID", "tenant resume ID", "audit verify --tenant ID"):
        assert run(verb, tmp_path, tenant=tenant).code == 0, verb
    assert run("audit export --tenant ID --to FILE", tmp_path, tenant=tenant).document["entries"] >= 4
    assert run("keys reseal", tmp_path).code == 0


@pytest.mark.parametrize("group", [[], ["tenant"], ["keys"], ["audit"], ["isolation"]])
def test_exit_codes_are_in_the_help(group: list[str]) -> None:
    shown = CliRunner().invoke(cli.app, [*group, "--help"]).stdout
    assert " ".join(EXIT_CODES.split()) in " ".join(shown.split())


def test_isolation_without_a_running_system_says_to_start_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PAINEL_HOME", str(tmp_path / "nowhere"))
    for verb in ("isolation report --short", "keys rotate", "audit verify", "tenant list"):
        said = run(verb, tmp_path)
        assert said.code == 1, verb
        assert "make up" in said.error["do"] or "painel status" in said.error["do"], verb
