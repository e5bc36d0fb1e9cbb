"""Refused notifications and our payment provider's events go by age."""

from migrations.sql_file import run_sql

revision = "0005_retention"
down_revision = "0004_marketplace"


def upgrade() -> None:
    run_sql(revision)
