"""Parcels, and whose orders are in them."""

from migrations.sql_file import run_sql

revision = "0060_shipments"
down_revision = "0036_sync_switches"


def upgrade() -> None:
    run_sql(revision)
