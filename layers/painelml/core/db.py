"""PostgreSQL: the only module that knows the driver (docs/decisions/0001-psycopg-3.md).

One connection per execution environment, opened on first use. Every transaction enters its tenant with its first statement,
`select app.enter_tenant(…)`: a stored function, so that RDS Proxy need not pin the connection.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from psycopg import errors as pg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from painelml.core.aws import rds
from painelml.core.config import config
from painelml.core.errors import DatabaseUnavailable

Row = dict[str, Any]
Connection = psycopg.Connection[Row]

CERTIFICATES = Path(__file__).with_name("aws-ca.pem")
CONNECT_SECONDS = 4

_kept = threading.local()

UniqueViolation = pg.UniqueViolation
ForeignKeyViolation = pg.ForeignKeyViolation
InsufficientPrivilege = pg.InsufficientPrivilege


def as_json(value: Any) -> Jsonb:
    """A parameter for a `jsonb` column."""
    return Jsonb(value)


class Session:
    """One transaction. Statements take bind parameters by name, never values in their text."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, sql: LiteralString, **params: Any) -> list[Row]:
        return self._connection.execute(sql, self._bound(params)).fetchall()

    def one(self, sql: LiteralString, **params: Any) -> Row | None:
        return self._connection.execute(sql, self._bound(params)).fetchone()

    def value(self, sql: LiteralString, **params: Any) -> Any:
        """The first column of the only row, or None where there is no row."""
        row = self.one(sql, **params)
        return None if row is None else next(iter(row.values()))

    def execute(self, sql: LiteralString, **params: Any) -> int:
        """How many rows the statement touched."""
        return self._connection.execute(sql, self._bound(params)).rowcount

    def enter(self, tenant_id: UUID) -> TenantSession:
        """The same transaction, inside the tenant that the directory has named; the database refuses a second one."""
        self.execute("select app.enter_tenant(%(entered)s)", entered=tenant_id)
        return TenantSession(self._connection, tenant_id)

    @contextmanager
    def savepoint(self) -> Generator[None]:
        """Undoes only what is inside when something inside raises."""
        with self._connection.transaction():
            yield

    def _bound(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return params


class TenantSession(Session):
    """A transaction inside one tenant. `tenant_id` is bound in every statement as `%(tenant_id)s`."""

    def __init__(self, connection: Connection, tenant_id: UUID) -> None:
        super().__init__(connection)
        self.tenant_id = tenant_id

    def _bound(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**params, "tenant_id": self.tenant_id}


@contextmanager
def tenant_session(tenant_id: UUID) -> Iterator[TenantSession]:
    """A transaction in `tenant_id`: committed at the end of the block, undone if it raises.

    Raises DatabaseUnavailable when PostgreSQL cannot be reached, or is lost before the commit is confirmed.
    """
    with _transaction("select app.enter_tenant(%s)", [tenant_id]) as connection:
        yield TenantSession(connection, tenant_id)


@contextmanager
def directory_session() -> Iterator[Session]:
    """A transaction before a tenant is known: it sees no tenant's rows and reaches only the allow-listed functions."""
    with _transaction("select 1", []) as connection:
        yield Session(connection)


def is_reachable() -> bool:
    """Whether PostgreSQL answers, for /ready."""
    try:
        with directory_session():
            return True
    except DatabaseUnavailable:
        return False


def disconnect() -> None:
    """Closes this thread's connection; the next transaction opens another."""
    connection: Connection | None = getattr(_kept, "connection", None)
    _kept.connection = None
    if connection is not None:
        connection.close()


@contextmanager
def _transaction(first: LiteralString, params: Sequence[Any]) -> Iterator[Connection]:
    with ExitStack() as transaction:
        try:
            connection = _begun(transaction, first, params)
            yield connection
            transaction.close()
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            disconnect()
            raise DatabaseUnavailable from error


def _begun(transaction: ExitStack, first: LiteralString, params: Sequence[Any]) -> Connection:
    """A kept connection may have died since the last invocation: its first statement is tried on a fresh one too."""
    kept: Connection | None = getattr(_kept, "connection", None)
    if kept is not None:
        with ExitStack() as attempt:
            try:
                attempt.enter_context(kept.transaction())
                kept.execute(first, params)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                disconnect()
            else:
                transaction.push(attempt.pop_all())
                return kept
    fresh = _kept.connection = _connect()
    transaction.enter_context(fresh.transaction())
    fresh.execute(first, params)
    return fresh


def _connect() -> Connection:
    url = config().require("database_url")
    return psycopg.connect(
        url,
        autocommit=True,
        prepare_threshold=None,
        row_factory=dict_row,
        connect_timeout=CONNECT_SECONDS,
        **_sign_in(url),
    )


def _sign_in(url: str) -> dict[str, Any]:
    """IAM sign-in: the token lives 15 minutes and is used only to connect, so each connection mints its own."""
    if config().database_auth == "password":
        return {}
    parts = urlsplit(url)
    token = rds().generate_db_auth_token(DBHostname=parts.hostname, Port=parts.port or 5432, DBUsername=parts.username)
    return {"password": token, "sslmode": "verify-full", "sslrootcert": str(CERTIFICATES)}
