"""A partner's sub-tenants by name, an order for replayed erasures, runs that keep nothing once undone, hosts with a state."""

from migrations.sql_file import run_sql

revision = "0025_silos"
down_revision = "0037_refetches"


def upgrade() -> None:
    run_sql(revision)
