"""Orders by their cart."""

from migrations.sql_file import run_sql

revision = "0062_orders_by_pack"
down_revision = "0061_payments"


def upgrade() -> None:
    run_sql(revision)
