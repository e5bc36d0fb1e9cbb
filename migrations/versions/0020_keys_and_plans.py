"""A key's own limit and its first use of a day, the role of an invitation, and tenants opened on any plan of the catalogue."""

from migrations.sql_file import run_sql

revision = "0020_keys_and_plans"
down_revision = "0025_silos"


def upgrade() -> None:
    run_sql(revision)
