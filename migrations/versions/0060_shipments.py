"""Parcels, and whose orders are in them."""

from migrations.sql_file import run_sql

revision = "0060_shipments"
down_revision = "0031_connection_health"


def upgrade() -> None:
    run_sql(revision)
