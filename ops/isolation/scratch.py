"""A scratch database beside the real one, migrated the same way, in which faults may be planted. No superuser anywhere."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

Connection = psycopg.Connection[Any]

CHECKS: LiteralString = """
select format('alter table %s drop constraint %I', conrelid::regclass, conname)
from pg_constraint
where contype = 'c' and connamespace in ('app'::regnamespace, 'directory'::regnamespace) and coninhcount = 0 and conrelid <> 0
union all
select format('alter domain %s drop constraint %I', contypid::regtype, conname)
from pg_constraint
where contype = 'c' and connamespace in ('app'::regnamespace, 'directory'::regnamespace) and contypid <> 0
"""
TRIGGERED: LiteralString = """
select distinct format('alter table %s disable trigger user', tgrelid::regclass)
from pg_trigger t join pg_class c on c.oid = t.tgrelid
where not tgisinternal and c.relnamespace in ('app'::regnamespace, 'directory'::regnamespace)
"""


@dataclass(frozen=True, slots=True)
class Scratch:
    """URLs of one scratch database: as the master, who may become `owner`, and as `app`."""

    owner_url: str
    app_url: str

    @contextmanager
    def as_owner(self) -> Generator[Connection]:
        """Autocommit, with the rights of `owner`: what migrations have, and no more."""
        with psycopg.connect(self.owner_url, autocommit=True, prepare_threshold=None) as connection:
            connection.execute("set role owner")
            yield connection

    @contextmanager
    def as_app(self) -> Generator[Connection]:
        """As functions connect: autocommit, no named statements (painelml.core.db)."""
        with psycopg.connect(self.app_url, autocommit=True, prepare_threshold=None) as connection:
            yield connection


@contextmanager
def scratch_database(owner_url: str, app_url: str) -> Generator[Scratch]:
    """A new, migrated database on the server of `owner_url` (the master's); dropped at the end.

    Its value checks and triggers are taken away, so that a row can be made from types alone: they are no part of isolation.
    """
    from painelml.core.migrate import migrate

    name = f"painel_proof_{secrets.token_hex(4)}"
    with psycopg.connect(owner_url, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            made = Scratch(on_database(owner_url, name), on_database(app_url, name))
            migrate(made.owner_url, app_password=urlsplit(app_url).password)
            with made.as_owner() as owner:
                relax(owner)
            yield made
        finally:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def relax(owner: Connection) -> None:
    """Value checks and triggers are taken away."""
    for query in (CHECKS, TRIGGERED):
        for (statement,) in owner.execute(query).fetchall():
            owner.execute(statement)


@contextmanager
def inside(connection: Connection, tenant: UUID | None) -> Generator[Connection]:
    """A transaction of `tenant`, entered as the application does; or of nobody. Always undone."""
    with connection.transaction(force_rollback=True):
        if tenant is not None:
            connection.execute("select app.enter_tenant(%s)", [tenant])
        yield connection


def on_database(url: str, name: str) -> str:
    """`url` with another database's name."""
    if "://" not in url:
        return make_conninfo(url, dbname=name)
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
