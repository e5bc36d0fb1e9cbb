"""Plans as data, subscriptions, what is used of them, and the first published catalogue."""

from importlib.resources import files

from migrations.sql_file import run, run_sql

revision = "0013_plans"
down_revision = "0011_audit"


def upgrade() -> None:
    run_sql(revision)
    # A published version is never edited: the next one is a new file and a migration that publishes it.
    document = (files("painelml.plans") / "catalogue" / "2026-11.json").read_text(encoding="utf-8")
    run("select directory.publish_catalogue(%s::jsonb)", document)
    run("select directory.subscribe_everyone()")
