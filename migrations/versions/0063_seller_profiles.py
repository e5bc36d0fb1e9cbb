"""How Mercado Livre rates each seller."""

from migrations.sql_file import run_sql

revision = "0063_seller_profiles"
down_revision = "0062_orders_by_pack"


def upgrade() -> None:
    run_sql(revision)
