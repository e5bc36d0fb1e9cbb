"""Tenants, users, memberships and sessions: what must be read before a tenant is known."""

from migrations.sql_file import run_sql

revision = "0002_directory"
down_revision = "0001_ground"


def upgrade() -> None:
    run_sql(revision)
