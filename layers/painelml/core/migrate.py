"""Roles and migrations, run by `operations` with the owner's credentials, straight to the database.

The master is like RDS's: it may create roles and databases but is no superuser, so nothing here can lean on powers that AWS
does not give. Tables belong to `owner`, which nobody logs in as; functions sign in as `app`, which owns nothing.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

APP_SETTINGS = {
    "search_path": "app",
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "TimeZone": "UTC",
}


def migrate(owner_url: str, *, app_password: str | None) -> str:
    """Prepares the roles and brings the schema to the newest version, whose name it returns. Safe to run twice.

    `app_password` None lets `app` sign in by IAM alone (on AWS); a password is for a laptop.
    """
    with psycopg.connect(owner_url, autocommit=True, prepare_threshold=None) as connection:
        _prepare_roles(connection, app_password)
    return _upgrade(owner_url)


def _prepare_roles(connection: psycopg.Connection[Any], app_password: str | None) -> None:
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
    connection.execute(sql.SQL("grant connect on database {} to app, owner").format(database))
    connection.execute("grant create, usage on schema public to owner")


def _upgrade(owner_url: str) -> str:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from sqlalchemy import NullPool, create_engine

    folder = str(Path(str(import_module("migrations").__file__)).parent)
    config = Config()
    config.set_main_option("script_location", folder)
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(owner_url, prepare_threshold=None), poolclass=NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("set role owner")
        connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    return str(ScriptDirectory.from_config(config).get_current_head())
