"""What PostgreSQL says that `app` sent it, and which of it would pin an RDS Proxy connection (B1)."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from ops.home import Home, write_json
from ops.isolation.proof import commit
from painelml.core import db
from tests.servers import Database

# A test that shows what another driver would send says that it is not the application, by its application_name.
BYSTANDER = "bystander"
STATEMENT_LIMIT_BYTES = 16 * 1024
_ENTRY = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[\d+\] (\w+): {1,2}(.*)", re.DOTALL)
_SENT = re.compile(r"(?:statement|execute (?P<name>[^:]+)): (?P<text>.*)", re.DOTALL)
_PINS = re.compile(
    r"^\s*(set|reset|prepare|execute|deallocate|discard|declare|listen|unlisten|load)\b"
    r"|\bset_config\s*\(|\b(nextval|setval|lastval)\s*\(|\bpg_(try_)?advisory_(lock|unlock)|^\s*create\s+(local\s+)?temp",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Wire:
    """Statements as the server took them, in order. A named prepared statement begins with its name in brackets."""

    statements: list[str] = field(default_factory=list)

    @property
    def pinning(self) -> list[str]:
        return [sent for sent in self.statements if pins(sent)]


def file_what_was_heard(wire: Wire, home: Home) -> None:
    """Leaves the count where `painel isolation report` finds it."""
    home.create()
    write_json(home.folder / "wire.json", {"commit": commit(), "statements": len(wire.statements), "pinning": wire.pinning})


def pins(statement: str) -> bool:
    """Whether RDS Proxy would tie the connection to its client for this statement."""
    return bool(_PINS.search(statement)) or statement.startswith("[") or len(statement.encode()) > STATEMENT_LIMIT_BYTES


@contextmanager
def overheard(database: Database) -> Generator[Wire]:
    """Everything that role app sends inside the block, also from connections that other tests open: for a whole suite."""
    log = database.server.folder / "log"
    wire = Wire()
    with psycopg.connect(database.superuser_url, autocommit=True) as admin:
        admin.execute("alter system set log_statement = 'all'")
        admin.execute("alter system set log_line_prefix = '%m [%p] %u/%a '")
        admin.execute("select pg_reload_conf()")
        start = log.stat().st_size
        try:
            yield wire
        finally:
            admin.execute("alter system reset log_statement")
            admin.execute("alter system reset log_line_prefix")
            admin.execute("select pg_reload_conf()")
            with log.open("rb") as file:
                file.seek(start)
                wire.statements = _statements_of("app", file.read().decode(errors="replace"))


@contextmanager
def listening(database: Database) -> Generator[Wire]:
    """Everything that role app sends inside the block, on connections opened inside it."""
    wire = Wire()
    log = database.server.folder / "log"
    with psycopg.connect(database.superuser_url, autocommit=True) as admin:
        admin.execute("alter role app set log_statement = 'all'")
        start = log.stat().st_size
        db.disconnect()
        try:
            yield wire
        finally:
            db.disconnect()
            admin.execute("alter role app reset log_statement")
            with log.open("rb") as file:
                file.seek(start)
                wire.statements = _statements(file.read().decode())


def _statements(text: str) -> list[str]:
    entries = [_ENTRY.match(entry) for entry in re.split(r"\n(?=\d{4}-\d\d-\d\d )", text)]
    sent = [_SENT.match(entry[2]) for entry in entries if entry and entry[1] == "LOG"]
    return [_named(found["name"]) + found["text"].strip() for found in sent if found]


def _statements_of(user: str, text: str) -> list[str]:
    """Statements of one role, where the lines' prefix ends in role and program; without those of a bystander."""
    own = re.compile(rf"^(\d{{4}}-\d\d-\d\d [\d:.]+ \S+ \[\d+\]) {user}/(?!{BYSTANDER} )\S* (?=\w+: )")
    entries = re.split(r"\n(?=\d{4}-\d\d-\d\d )", text)
    return _statements("\n".join(own.sub(r"\1 ", entry) for entry in entries if own.match(entry)))


def _named(name: str | None) -> str:
    return "" if name in (None, "<unnamed>") else f"[{name}] "
