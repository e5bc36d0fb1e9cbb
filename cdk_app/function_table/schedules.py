"""What the clock starts."""

from __future__ import annotations

from cdk_app.function_spec import FunctionSpec, QueueName
from cdk_app.function_table.needs import ANCHORS, MERCADO_LIVRE_CALLER

SCHEDULED = (
    FunctionSpec(
        name="sync_dispatcher",
        summary="Finds accounts that are due and queues one job for each scope.",
        timeout_seconds=300,
        database=True,
        directory_only=True,
        sends=(QueueName.JOBS,),
        schedule="rate(30 minutes)",
    ),
    FunctionSpec(
        name="token_refresh",
        summary="Renews access tokens before they expire, and looks for permissions that were taken back.",
        timeout_seconds=300,
        database=True,
        cache=True,
        secrets=MERCADO_LIVRE_CALLER,
        schedule="rate(1 hour)",
    ),
    FunctionSpec(
        name="missed_feeds",
        summary="Asks Mercado Livre for the notifications that it could not deliver.",
        timeout_seconds=300,
        database=True,
        cache=True,
        secrets=MERCADO_LIVRE_CALLER,
        sends=(QueueName.JOBS,),
        schedule="rate(15 minutes)",
    ),
    FunctionSpec(
        name="cleanup",
        summary="Removes expired sessions and what else has outlived its purpose.",
        timeout_seconds=300,
        database=True,
        writes_data=(ANCHORS,),
        schedule="cron(30 6 * * ? *)",  # after the backup (03:00 UTC) and the maintenance window (04:00-05:00 UTC)
    ),
)
