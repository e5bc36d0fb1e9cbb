"""What sellers write to buyers, until Mercado Livre has it."""

from migrations.sql_file import run_sql

revision = "0067_outgoing_messages"
down_revision = "0066_messages"


def upgrade() -> None:
    run_sql(revision)
