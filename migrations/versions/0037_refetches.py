"""One pending read for a resource, however many notifications point at it."""

from migrations.sql_file import run_sql

revision = "0037_refetches"
down_revision = "0030_scopes"


def upgrade() -> None:
    run_sql(revision)
