"""Where state survives a restart: one SQLite file, written record by record.

A request's changes are committed before it is answered, so a process that is killed never takes back a token that a
client already holds. The file is in WAL mode without fsync: it outlives the process, not the machine.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE_NAME = "simulator.sqlite3"


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=_fields)
_REMOVED = object()


class Store:
    """Records to write by (kind, key), read and flushed in one transaction; without a directory it keeps nothing."""

    def __init__(self, directory: Path | None) -> None:
        self._pending: dict[tuple[str, str], Any] = {}
        self._database: sqlite3.Connection | None = None
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(directory / FILE_NAME, isolation_level=None)
            self._database.execute("pragma journal_mode = wal")
            self._database.execute("pragma synchronous = off")
            self._database.execute(
                "create table if not exists record (kind text, key text, body text not null, primary key (kind, key))"
                " without rowid"
            )

    def put(self, kind: str, key: object, record: Any) -> None:
        if self._database is not None:
            self._pending[kind, str(key)] = record

    def remove(self, kind: str, key: object) -> None:
        if self._database is not None:
            self._pending[kind, str(key)] = _REMOVED

    def read(self, kind: str) -> Iterator[tuple[str, Any]]:
        if self._database is not None:
            for key, body in self._database.execute("select key, body from record where kind = ?", (kind,)):
                yield key, json.loads(body)

    def commit(self) -> None:
        if self._database is None or not self._pending:
            return
        pending, self._pending = self._pending, {}
        with self._transaction() as database:
            database.executemany(
                "insert or replace into record (kind, key, body) values (?, ?, ?)",
                [(kind, key, _ENCODER.encode(record)) for (kind, key), record in pending.items() if record is not _REMOVED],
            )
            database.executemany(
                "delete from record where kind = ? and key = ?",
                [name for name, record in pending.items() if record is _REMOVED],
            )

    def clear(self) -> None:
        self._pending.clear()
        if self._database is not None:
            self._database.execute("delete from record")

    def close(self) -> None:
        self.commit()
        if self._database is not None:
            self._database.close()
            self._database = None

    def _transaction(self) -> sqlite3.Connection:
        """The connection as a context manager: commits, or rolls back on an error."""
        if self._database is None:
            raise RuntimeError("this store keeps nothing")
        self._database.execute("begin immediate")
        return self._database
