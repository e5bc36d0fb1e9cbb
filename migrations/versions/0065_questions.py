"""Questions of buyers, and their schedule for the accounts that are connected already."""

from migrations.sql_file import run_sql

revision = "0065_questions"
down_revision = "0031_connection_health"


def upgrade() -> None:
    run_sql(revision)
