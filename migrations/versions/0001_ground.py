"""Schemas, the tenant of a transaction, and the one way to make a tenant table."""

from migrations.sql_file import run_sql

revision = "0001_ground"
down_revision = None


def upgrade() -> None:
    run_sql(revision)
