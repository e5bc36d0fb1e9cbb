"""Claims of buyers, and the returns that come of them."""

from migrations.sql_file import run_sql

revision = "0070_claims"
down_revision = "0063_seller_profiles"


def upgrade() -> None:
    run_sql(revision)
