"""Connections to PostgreSQL: the only module that knows the driver (docs/decisions/0001-psycopg-3.md).

One connection per execution environment to the pool, opened on first use, and a few to silos (core/placements.py).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit

import psycopg
from psycopg import errors as pg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from painelml.core.aws import rds
from painelml.core.config import config
from painelml.core.errors import DatabaseUnavailable
from painelml.core.placements import POOL, Silo
from painelml.core.secrets import secret_document

Row = dict[str, Any]
Connection = psycopg.Connection[Row]

CERTIFICATES = Path(__file__).with_name("aws-ca.pem")
CONNECT_SECONDS = 4
SILOS_AT_ONCE = 4

_kept = threading.local()

UniqueViolation = pg.UniqueViolation
ForeignKeyViolation = pg.ForeignKeyViolation
CheckViolation = pg.CheckViolation
InsufficientPrivilege = pg.InsufficientPrivilege


def as_json(value: Any) -> Jsonb:
    """A parameter for a `jsonb` column."""
    return Jsonb(value)


def disconnect() -> None:
    """Closes this thread's connections; the next transaction opens another."""
    for place in list(_connections()):
        _drop(place)


def _connections() -> OrderedDict[str, Connection]:
    """This thread's, by placement, the one used last at the end."""
    kept: OrderedDict[str, Connection] | None = getattr(_kept, "connections", None)
    if kept is None:
        kept = _kept.connections = OrderedDict()
    return kept


def _drop(place: str) -> None:
    connection = _connections().pop(place, None)
    if connection is not None:
        connection.close()


@contextmanager
def transaction(
    first: LiteralString, params: Sequence[Any], silo: Silo | None = None, rows: list[Row] | None = None
) -> Iterator[Connection]:
    """One transaction, whose first statement is `first`; `rows` receives what that answered.

    Raises DatabaseUnavailable when PostgreSQL cannot be reached, or is lost before the commit is confirmed.
    """
    with ExitStack() as begun:
        try:
            connection, answered = _begun(begun, first, params, silo)
            if rows is not None:
                rows.extend(answered)
            yield connection
            begun.close()
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            _drop(silo.id if silo else POOL)
            raise DatabaseUnavailable from error


def _begun(
    transaction: ExitStack, first: LiteralString, params: Sequence[Any], silo: Silo | None
) -> tuple[Connection, list[Row]]:
    """A kept connection may have died since the last invocation: its first statement is tried on a fresh one too."""
    place = silo.id if silo else POOL
    kept = _connections().get(place)
    if kept is not None:
        with ExitStack() as attempt:
            try:
                attempt.enter_context(kept.transaction())
                answered = kept.execute(first, params).fetchall()
            except (psycopg.OperationalError, psycopg.InterfaceError):
                _drop(place)
            else:
                transaction.push(attempt.pop_all())
                _connections().move_to_end(place)
                return kept, answered
    fresh = _connections()[place] = _connect(silo)
    _close_idle_silos()
    transaction.enter_context(fresh.transaction())
    return fresh, fresh.execute(first, params).fetchall()


def _close_idle_silos() -> None:
    """The pool's connection stays; of the silos' those used last. One that is in a transaction is never the oldest."""
    silos = [place for place in _connections() if place != POOL]
    for place in silos[:-SILOS_AT_ONCE]:
        _drop(place)


def _connect(silo: Silo | None) -> Connection:
    url = config().require("database_url")
    where, user = _whereabouts(url, silo)
    return psycopg.connect(
        url,
        autocommit=True,
        prepare_threshold=None,
        row_factory=dict_row,
        connect_timeout=CONNECT_SECONDS,
        **where,
        **_sign_in(url, silo, user),
    )


def _whereabouts(url: str, silo: Silo | None) -> tuple[dict[str, Any], str | None]:
    """What differs from the pool's URL, and who signs in."""
    if silo is None:
        return {}, urlsplit(url).username
    where: dict[str, Any] = {"dbname": silo.database_name, "user": silo.role_name}
    where |= {name: value for name, value in (("host", silo.host), ("port", silo.port)) if value is not None}
    return where, silo.role_name


def _sign_in(url: str, silo: Silo | None, user: str | None) -> dict[str, Any]:
    """IAM sign-in: the token lives 15 minutes and is used only to connect, so each connection mints its own."""
    if config().database_auth == "password":
        return {} if silo is None else {"password": secret_document(silo.secret_id)["database"]["password"]}
    parts = urlsplit(url)
    host, port = (silo.host, silo.port) if silo else (None, None)
    token = rds().generate_db_auth_token(
        DBHostname=host or parts.hostname, Port=port or parts.port or 5432, DBUsername=user or parts.username
    )
    return {"password": token, "sslmode": "verify-full", "sslrootcert": str(CERTIFICATES)}
