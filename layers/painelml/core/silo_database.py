"""A silo's database: made, migrated and shut to all but its own role, as owner and straight to the server (K09).

The same migrations grant everything to `app`. A silo's own role is given the same rights, and `app` may not connect to a silo:
with the pool's password nobody opens a silo, with a silo's neither the pool nor another silo.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from painelml.core.migrate import APP_SETTINGS, audit, migrate, owner_session, owner_url
from painelml.core.placements import Silo, silo_id, silo_secret_id

# Everything that app may do in this database, as statements that let another role do it.
_RIGHTS = """
with held as (
    select format('grant %%s on schema %%I to ', g.privilege_type, n.nspname) as said
    from pg_namespace n cross join lateral aclexplode(n.nspacl) g where g.grantee = 'app'::regrole
    union all
    select format('grant %%s on table %%s to ', g.privilege_type, c.oid::regclass)
    from pg_class c cross join lateral aclexplode(c.relacl) g where g.grantee = 'app'::regrole and c.relkind <> 'S'
    union all
    select format('grant %%s (%%I) on table %%s to ', g.privilege_type, a.attname, c.oid::regclass)
    from pg_class c join pg_attribute a on a.attrelid = c.oid cross join lateral aclexplode(a.attacl) g
    where g.grantee = 'app'::regrole
    union all
    select format('grant %%s on sequence %%s to ', g.privilege_type, c.oid::regclass)
    from pg_class c cross join lateral aclexplode(c.relacl) g where g.grantee = 'app'::regrole and c.relkind = 'S'
    union all
    select format('grant execute on function %%s to ', p.oid::regprocedure)
    from pg_proc p cross join lateral aclexplode(p.proacl) g where g.grantee = 'app'::regrole
)
select said || quote_ident(%(role)s) as statement from held order by 1
"""


def silo_for(tenant_id: UUID) -> Silo:
    """The names of a tenant's silo, which follow from its id, so that a second try finds what the first one made."""
    name = silo_id(tenant_id)
    return Silo(name, None, None, f"painelml_silo_{tenant_id.hex}", f"app_{tenant_id.hex}", silo_secret_id(name))


def silo_url(silo: Silo) -> str:
    """How the master signs in to the silo."""
    where = {"host": silo.host, "port": silo.port}
    return make_conninfo(owner_url(), dbname=silo.database_name, **{key: value for key, value in where.items() if value})


def make_silo_database(silo: Silo, tenant_id: UUID, *, password: str | None) -> None:
    """Database, role, schema and the tenant's row. Safe to run twice. `password` None lets the role sign in by IAM alone."""
    database, role = sql.Identifier(silo.database_name), sql.Identifier(silo.role_name)
    with psycopg.connect(owner_url(), autocommit=True, prepare_threshold=None) as server:
        if not _exists(server, "select from pg_roles where rolname = %s", silo.role_name):
            server.execute(sql.SQL("create role {} login").format(role))
        if password is not None:
            server.execute(sql.SQL("alter role {} password {}").format(role, password))
        elif _exists(server, "select from pg_roles where rolname = %s", "rds_iam"):
            server.execute(sql.SQL("grant rds_iam to {}").format(role))
        for name, value in APP_SETTINGS.items():
            server.execute(sql.SQL("alter role {} set {} = {}").format(role, sql.Identifier(name), value))
        if not _exists(server, "select from pg_database where datname = %s", silo.database_name):
            server.execute(sql.SQL("create database {}").format(database))
    migrate_silo(silo)
    with owner_session(silo_url(silo)) as session:
        session.execute("select directory.settle(%(tenant)s)", tenant=tenant_id)


def has_silo_database(silo: Silo) -> bool:
    """Whether the database is there; a restored directory may name one that is gone."""
    with psycopg.connect(owner_url(), autocommit=True, prepare_threshold=None) as server:
        return _exists(server, "select from pg_database where datname = %s", silo.database_name)


def drop_silo_database(silo: Silo) -> None:
    """Database and role, whoever is connected. Safe to run twice."""
    database, role = sql.Identifier(silo.database_name), sql.Identifier(silo.role_name)
    with psycopg.connect(owner_url(), autocommit=True, prepare_threshold=None) as server:
        has_role = _exists(server, "select from pg_roles where rolname = %s", silo.role_name)
        if has_role:
            server.execute(sql.SQL("alter role {} nologin").format(role))
            # Only who is of a role may end its connections, and a master that made a role is not of it.
            server.execute(sql.SQL("grant {} to current_user").format(role))
        server.execute(sql.SQL("drop database if exists {} with (force)").format(database))
        if has_role:
            server.execute(sql.SQL("drop role {}").format(role))


def migrate_silo(silo: Silo) -> str:
    """Brings a silo's schema to the newest version, and its role's rights with it; raises RuntimeError for findings."""
    url = silo_url(silo)
    version = migrate(url, app_password=None, login=silo.role_name)
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        connection.execute(sql.SQL("revoke connect on database {} from app, public").format(sql.Identifier(silo.database_name)))
        connection.execute("set role owner")
        with connection.transaction():
            role = sql.Identifier(silo.role_name)
            for kind in ("tables", "functions", "sequences"):
                connection.execute(sql.SQL("revoke all on all {} in schema app from {}").format(sql.SQL(kind), role))
            for (statement,) in connection.execute(_RIGHTS, {"role": silo.role_name}).fetchall():
                connection.execute(statement)
    if findings := audit(url):
        raise RuntimeError(f"The silo {silo.id} is at {version}, and breaks {len(findings)} isolation rules: {findings[:5]}.")
    return version


def _exists(connection: psycopg.Connection[Any], query: str, name: str) -> bool:
    return connection.execute(query.encode(), [name]).fetchone() is not None
