"""Questions of buyers, and their schedule for the accounts that are connected already."""

from migrations.sql_file import run_sql

revision = "0065_questions"
down_revision = "0072_item_details"


def upgrade() -> None:
    run_sql(revision)
