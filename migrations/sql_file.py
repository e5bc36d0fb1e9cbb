"""Runs a version's SQL file in Alembic's transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import op

SQL = Path(__file__).with_name("sql")


def run_sql(revision: str) -> None:
    """Executes sql/{revision}.sql as it stands (no parameters, so `%` and `:` mean themselves)."""
    op.get_bind().exec_driver_sql((SQL / f"{revision}.sql").read_text(encoding="utf-8"))
