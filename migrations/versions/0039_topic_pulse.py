"""When each topic was last heard."""

from migrations.sql_file import run_sql

revision = "0039_topic_pulse"
down_revision = "0038_reconciliations"


def upgrade() -> None:
    run_sql(revision)
