"""The allow-listed ways from app into the directory, and answers kept for idempotent POSTs."""

from migrations.sql_file import run_sql

revision = "0003_identity"
down_revision = "0002_directory"


def upgrade() -> None:
    run_sql(revision)
