"""Runs that compare: what a reconciliation found."""

from migrations.sql_file import run_sql

revision = "0038_reconciliations"
down_revision = "0020_keys_and_plans"


def upgrade() -> None:
    run_sql(revision)
