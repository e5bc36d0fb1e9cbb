"""A tenant's jobs wait in rows, and only a few of its messages in the queue."""

from migrations.sql_file import run_sql

revision = "0035_lanes"
down_revision = "0034_sync_control"


def upgrade() -> None:
    run_sql(revision)
