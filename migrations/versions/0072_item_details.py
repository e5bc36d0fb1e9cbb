"""Variations of listings, and what a buyer pays for one now."""

from migrations.sql_file import run_sql

revision = "0072_item_details"
down_revision = "0071_billing_periods"


def upgrade() -> None:
    run_sql(revision)
