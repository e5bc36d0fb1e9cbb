"""Payments of orders."""

from migrations.sql_file import run_sql

revision = "0061_payments"
down_revision = "0060_shipments"


def upgrade() -> None:
    run_sql(revision)
