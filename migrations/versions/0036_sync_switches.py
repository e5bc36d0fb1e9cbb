"""A switch for questions and messages."""

from migrations.sql_file import run_sql

revision = "0036_sync_switches"
down_revision = "0035_lanes"


def upgrade() -> None:
    run_sql(revision)
