"""Roles and migrations, run by `operations` with the owner's credentials, straight to the database.

The master is like RDS's: it may create roles and databases but is no superuser, so nothing here can lean on powers that AWS
does not give. Tables belong to `owner`, which nobody logs in as; functions sign in as `app`, which owns nothing.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from painelml.core.config import config
from painelml.core.connections import CERTIFICATES
from painelml.core.db import Session
from painelml.core.errors import DatabaseUnavailable
from painelml.core.secrets import secret_document

APP_SETTINGS = {
    "search_path": "app",
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "TimeZone": "UTC",
}
LOCK_HELD_AT_MOST = "15min"  # as long as operations may run: the server's own idle limit would give the lock away before


def owner_url() -> str:
    """How the master signs in: the URL as it stands on a laptop; with its secret's name and password, and TLS, on AWS."""
    url = config().require("owner_database_url")
    if config().owner_secret is None:
        return url
    master = secret_document(config().require("owner_secret"))
    return make_conninfo(
        url, user=master["username"], password=master["password"], sslmode="verify-full", sslrootcert=str(CERTIFICATES)
    )


@contextmanager
def owner_session(url: str | None = None) -> Generator[Session]:
    """A transaction as `owner`, who sees the directory and no tenant's rows; only for `operations`, never through the proxy.

    `url` is another database's, as owner_url() is the pool's. Raises DatabaseUnavailable when it cannot be reached.
    """
    try:
        connection = psycopg.connect(url or owner_url(), autocommit=True, prepare_threshold=None, row_factory=dict_row)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable from error
    with connection:
        connection.execute("set role owner")
        with connection.transaction():
            yield Session(connection)


@contextmanager
def one_at_a_time(what: str) -> Generator[None]:
    """Holds the lock called `what` for the block; whoever else wants it waits, in whatever process. Straight to the database.

    The lock is a transaction's, so it ends with the connection, however this process ends. Do not nest two of one name.
    """
    try:
        connection = psycopg.connect(owner_url(), autocommit=True, prepare_threshold=None)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable from error
    with connection, connection.transaction():
        connection.execute("select set_config('idle_in_transaction_session_timeout', %s, true)", [LOCK_HELD_AT_MOST])
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [what])
        yield


def audit(url: str | None = None) -> list[dict[str, Any]]:
    """What in the catalogue breaks an isolation rule (migrations/audit.sql): `check`, `object` and `why`; none when sound."""
    with psycopg.connect(url or owner_url(), autocommit=True, row_factory=dict_row) as connection:
        return connection.execute(sql.SQL(audit_sql())).fetchall()


def audit_sql() -> str:
    """The audit as one statement."""
    return (_migrations() / "audit.sql").read_text(encoding="utf-8")


def migrate(url: str, *, app_password: str | None, login: str = "app") -> str:
    """Prepares the roles and brings the schema to the newest version, whose name it returns. Safe to run twice.

    `app_password` None lets `app` sign in by IAM alone (on AWS); a password is for a laptop. `login` is the one role besides
    `owner` that may connect: a silo's is not `app` (core/silo_database.py).
    """
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        _prepare_roles(connection, app_password, login)
    return _upgrade(url)


def _prepare_roles(connection: psycopg.Connection[Any], app_password: str | None, login: str) -> None:
    held = {name for (name,) in connection.execute("select rolname from pg_roles where rolname in ('owner', 'app', 'rds_iam')")}
    if "owner" not in held:
        connection.execute("create role owner nologin")
    if "app" not in held:
        connection.execute("create role app login")
    connection.execute("grant owner to current_user")
    if app_password is not None:
        connection.execute(sql.SQL("alter role app password {}").format(app_password))
    elif "rds_iam" in held:
        connection.execute("grant rds_iam to app")
    for name, value in APP_SETTINGS.items():
        connection.execute(sql.SQL("alter role app set {} = {}").format(sql.Identifier(name), value))
    database = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("grant create on database {} to owner").format(database))
    connection.execute(sql.SQL("revoke temporary, connect on database {} from public").format(database))
    connection.execute(sql.SQL("grant connect on database {} to {}, owner").format(database, sql.Identifier(login)))
    connection.execute("grant create, usage on schema public to owner")


def _upgrade(url: str) -> str:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from sqlalchemy import NullPool, create_engine

    settings = Config()
    settings.set_main_option("script_location", str(_migrations()))
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url, prepare_threshold=None), poolclass=NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("set role owner; set lock_timeout = '5s'; set statement_timeout = '10min'")
        connection.commit()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
        connection.commit()
    return str(ScriptDirectory.from_config(settings).get_current_head())


def _migrations() -> Path:
    """The folder of migrations, which the painelml layer carries beside this package."""
    return Path(str(import_module("migrations").__file__)).parent
