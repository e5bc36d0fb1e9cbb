"""Placements, partners, brands, settings, provisioning, and what a tenant's state allows."""

from migrations.sql_file import run_sql

revision = "0012_tenancy"
down_revision = "0010_account"


def upgrade() -> None:
    run_sql(revision)
