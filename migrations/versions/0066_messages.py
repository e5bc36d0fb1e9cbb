"""Conversations after the sale, and their messages."""

from migrations.sql_file import run_sql

revision = "0066_messages"
down_revision = "0065_questions"


def upgrade() -> None:
    run_sql(revision)
