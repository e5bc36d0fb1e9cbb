"""What is wrong with a connection that still works, and every connected seller a page at a time."""

from migrations.sql_file import run_sql

revision = "0031_connection_health"
down_revision = "0039_topic_pulse"


def upgrade() -> None:
    run_sql(revision)
