"""Mercado Livre: accounts and sealed tokens, items, orders, sync runs, notifications, inbox and outbox."""

from migrations.sql_file import run_sql

revision = "0004_marketplace"
down_revision = "0003_identity"


def upgrade() -> None:
    run_sql(revision)
