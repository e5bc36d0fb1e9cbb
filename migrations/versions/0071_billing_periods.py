"""What Mercado Livre charges a seller, period by period."""

from migrations.sql_file import run_sql

revision = "0071_billing_periods"
down_revision = "0070_claims"


def upgrade() -> None:
    run_sql(revision)
