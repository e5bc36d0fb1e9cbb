"""What a run may bring in and what is due by schedule: more than items and orders."""

from migrations.sql_file import run_sql

revision = "0030_scopes"
down_revision = "0012_tenancy"


def upgrade() -> None:
    run_sql(revision)
