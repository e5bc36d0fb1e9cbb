"""Why psycopg 3 (docs/decisions/0001-psycopg-3.md): what each driver puts on the wire for the same 20 KB."""

from __future__ import annotations

import ast
import socket
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import psycopg2
import pytest
from psycopg.conninfo import make_conninfo

import painelml
from tests.servers import Database
from tests.wire import BYSTANDER

BODY = b'{"resource": "/orders/1"}' + b"x" * 20_000
PINS_OVER = 16 * 1024
STATEMENT = "select length(%s::bytea) as received"
PACKAGE = Path(painelml.__file__).parent


@dataclass(slots=True)
class Recording:
    """The client's messages in order, as (type, payload): Q a statement with values, P a statement alone, B values alone."""

    messages: list[tuple[str, bytes]] = field(default_factory=list)

    def longest(self, kind: str) -> int:
        return max((len(payload) for found, payload in self.messages if found == kind), default=0)


@contextmanager
def recording(database: Database, folder: Path) -> Generator[tuple[str, Recording]]:
    """A door of our own before PostgreSQL that writes down what the client says. Yields its connection string."""
    recorded = Recording()
    with socket.socket(socket.AF_UNIX) as door, socket.socket() as server:
        door.bind(str(folder / ".s.PGSQL.5432"))
        door.listen(1)
        server.connect(("127.0.0.1", database.server.port))
        serving = threading.Thread(target=_serve, args=(door, server, recorded), daemon=True)
        serving.start()
        told: dict[str, str | int] = {"host": str(folder), "port": 5432, "sslmode": "disable", "gssencmode": "disable"}
        yield make_conninfo(database.app_url, **told, application_name=BYSTANDER), recorded
        serving.join(5)


def _serve(door: socket.socket, server: socket.socket, recorded: Recording) -> None:
    client, _ = door.accept()
    answers = threading.Thread(target=_copy, args=(server, client), daemon=True)
    answers.start()
    said = b""
    while data := client.recv(65536):
        said += data
        server.sendall(data)
    server.shutdown(socket.SHUT_WR)
    answers.join(5)
    client.close()
    recorded.messages = list(_messages(said))


def _copy(source: socket.socket, target: socket.socket) -> None:
    while data := source.recv(65536):
        target.sendall(data)


def _messages(said: bytes) -> Generator[tuple[str, bytes]]:
    """The frontend messages of PostgreSQL's protocol 3.0; the first has no type byte."""
    (start,) = struct.unpack_from("!I", said)
    place = start
    while place < len(said):
        kind, length = struct.unpack_from("!cI", said, place)
        yield kind.decode(), said[place + 5 : place + 1 + length]
        place += 1 + length


@pytest.fixture
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose name fits into a socket's address."""
    return tmp_path_factory.mktemp("s")


@pytest.mark.req("K49")
def test_psycopg2_pastes_the_value_into_the_statement(database: Database, short: Path) -> None:
    with recording(database, short) as (url, wire):
        connection = psycopg2.connect(url)
        with connection, connection.cursor() as cursor:
            cursor.execute(STATEMENT, [BODY])
            assert cursor.fetchone() == (len(BODY),)
        connection.close()

    assert wire.longest("Q") > PINS_OVER
    assert wire.longest("B") == 0


@pytest.mark.req("K49")
def test_psycopg_3_binds_the_value_beside_a_short_statement(database: Database, short: Path) -> None:
    with recording(database, short) as (url, wire), psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        with connection.transaction():
            assert connection.execute(STATEMENT, [BODY]).fetchone() == (len(BODY),)
        connection.close()

    assert wire.longest("B") > len(BODY)
    assert wire.longest("P") < 100
    assert wire.longest("Q") < 100


@pytest.mark.req("K49")
def test_only_the_database_module_knows_the_driver() -> None:
    knowing = {
        str(module.relative_to(PACKAGE))
        for module in PACKAGE.rglob("*.py")
        if any(name.split(".")[0] in ("psycopg", "psycopg2") for name in _imports(module))
    }
    assert knowing == {"core/connections.py", "core/migrate.py", "core/silo_database.py"}


def test_no_handler_knows_the_driver() -> None:
    handlers = (PACKAGE.parents[1] / "lambdas").rglob("*.py")
    assert not [str(module) for module in handlers if any(name.startswith("psycopg") for name in _imports(module))]


def _imports(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names
