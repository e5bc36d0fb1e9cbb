"""A sync can be paused; what it expects to bring in."""

from migrations.sql_file import run_sql

revision = "0034_sync_control"
down_revision = "0031_connection_health"


def upgrade() -> None:
    run_sql(revision)
