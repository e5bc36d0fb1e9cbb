"""The audit log: append-only for app, one hash chain for each tenant."""

from migrations.sql_file import run_sql

revision = "0011_audit"
down_revision = "0005_retention"


def upgrade() -> None:
    run_sql(revision)
