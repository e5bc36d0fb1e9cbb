"""What PostgreSQL says that the application's roles sent it, and which of it would pin an RDS Proxy connection (B1)."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from ops.home import Home, write_json
from ops.isolation.proof import commit
from painelml.core import db
from tests.postgres import LOG_LINE_PREFIX
from tests.servers import Database

# A test that shows what another driver would send says that it is not the application, by an application_name that begins so.
BYSTANDER = "bystander"
STATEMENT_LIMIT_BYTES = 16 * 1024
# Parameters stay out of the log: they are no part of the statement, and there are many.
_SETTINGS = {"log_statement": "all", "log_parameter_max_length": "0", "log_line_prefix": LOG_LINE_PREFIX}
_BEGINS = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ ")
_ENTRY = re.compile(r"^\S+ \S+ \S+ \[\d+\] (?P<role>[^/]*)/(?P<program>.*?) LOG: {1,2}(?P<said>.*)", re.DOTALL)
_SENT = re.compile(r"(?:statement|execute (?P<name>[^:]+)): (?P<text>.*)", re.DOTALL)
# The pool's role, and a silo's.
_APPLICATION = re.compile(r"app(_[0-9a-f]{32})?")
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


@dataclass(slots=True)
class Overheard:
    """What a whole run sent: how many statements, and those that pin."""

    count: int = 0
    pinning: list[str] = field(default_factory=list)

    def hear(self, statements: Iterable[str]) -> None:
        for sent in statements:
            self.count += 1
            if pins(sent):
                self.pinning.append(sent)

    def file(self, home: Home) -> None:
        """Leaves the count where `painel isolation report` finds it."""
        home.create()
        write_json(home.folder / "wire.json", {"commit": commit(), "statements": self.count, "pinning": self.pinning})

    def judge(self) -> None:
        """Fails where something pins, or where nothing was heard, which would prove nothing."""
        assert self.count, "the wire guard heard nothing"
        assert self.pinning == [], f"{len(self.pinning)} statements pin an RDS Proxy connection: {self.pinning[:5]}"


def is_guarded() -> bool:
    """PAINEL_WIRE_GUARD=1: every run is overheard, and judged at its end."""
    return os.environ.get("PAINEL_WIRE_GUARD") == "1"


def pins(statement: str) -> bool:
    """Whether RDS Proxy would tie the connection to its client for this statement."""
    return bool(_PINS.search(statement)) or statement.startswith("[") or len(statement.encode()) > STATEMENT_LIMIT_BYTES


@contextmanager
def overheard(database: Database, into: Overheard, *, bystander: str = BYSTANDER) -> Generator[None]:
    """Everything that the application sends inside the block, also from connections that others open: for a whole suite."""
    log = database.server.folder / "log"
    with psycopg.connect(database.superuser_url, autocommit=True) as admin:
        held = {name: admin.execute(sql.SQL("show {}").format(sql.Identifier(name))).fetchone() for name in _SETTINGS}
        _set(admin, _SETTINGS)
        start = log.stat().st_size
        try:
            yield
        finally:
            _set(admin, {name: row[0] for name, row in held.items() if row})
            into.hear(_sent(log, start, lambda program: not program.startswith(bystander)))


@contextmanager
def system_overheard(home: Path, into: Overheard) -> Generator[None]:
    """The same for a running system, where no superuser signs in: the server reads its settings anew."""
    data, log = home / "postgres", home / "logs" / "postgres.log"
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.writelines(f"{name} = '{value}'\n" for name, value in _SETTINGS.items())
    start = log.stat().st_size
    os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGHUP)
    try:
        yield
    finally:
        into.hear(_sent(log, start, lambda program: not program.startswith(BYSTANDER)))


@contextmanager
def listening(database: Database) -> Generator[Wire]:
    """Everything that role app sends inside the block, on connections opened inside it."""
    log = database.server.folder / "log"
    wire = Wire()
    with psycopg.connect(database.superuser_url, autocommit=True) as admin:
        admin.execute("alter role app set log_statement = 'all'")
        start = log.stat().st_size
        db.disconnect()
        try:
            yield wire
        finally:
            db.disconnect()
            admin.execute("alter role app reset log_statement")
            wire.statements = list(_sent(log, start, lambda _: True))


def _set(admin: psycopg.Connection[tuple[str]], settings: dict[str, str]) -> None:
    for name, value in settings.items():
        admin.execute(sql.SQL("alter system set {} = {}").format(sql.Identifier(name), value))
    admin.execute("select pg_reload_conf()")


def _sent(log: Path, start: int, is_heard: Callable[[str], bool]) -> Iterator[str]:
    """Statements of the application's roles from byte `start` of a server's log on."""
    for text in _entries(log, start):
        entry = _ENTRY.match(text)
        if entry and _APPLICATION.fullmatch(entry["role"]) and is_heard(entry["program"]):
            sent = _SENT.match(entry["said"])
            if sent:
                yield _named(sent["name"]) + sent["text"].strip()


def _entries(log: Path, start: int) -> Iterator[str]:
    """A statement of several lines is one entry."""
    with log.open("rb") as file:
        file.seek(start)
        lines: list[str] = []
        for raw in file:
            line = raw.decode(errors="replace")
            if _BEGINS.match(line) and lines:
                yield "".join(lines)
                lines = []
            lines.append(line)
        yield "".join(lines)


def _named(name: str | None) -> str:
    return "" if name in (None, "<unnamed>") else f"[{name}] "
