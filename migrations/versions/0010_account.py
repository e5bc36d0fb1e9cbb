"""Proofs by mail, invitations, second factors, API keys."""

from migrations.sql_file import run_sql

revision = "0010_account"
down_revision = "0013_plans"


def upgrade() -> None:
    run_sql(revision)
