"""Runs a version's SQL file in Alembic's transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import op

SQL = Path(__file__).with_name("sql")


def run_sql(revision: str) -> None:
    """Executes sql/{revision}.sql as it stands, by the driver itself: SQLAlchemy would read `%s` as a parameter."""
    run((SQL / f"{revision}.sql").read_text(encoding="utf-8"))


def run(statement: str, *params: str) -> None:
    """Executes one statement in Alembic's transaction; only without `params` may the text hold several."""
    driver = op.get_bind().connection.driver_connection
    if driver is None:
        raise RuntimeError("Migrations run on a live connection only; `alembic upgrade --sql` has none.")
    driver.execute(statement, params or None)
