"""What a queue starts."""

from __future__ import annotations

from cdk_app.function_spec import Batch, FunctionSpec, Parameter, Purpose, QueueName
from cdk_app.function_table.needs import EXPORTS, MERCADO_LIVRE_CALLER

WORKERS = (
    FunctionSpec(
        name="webhook_worker",
        summary="Routes Mercado Livre's notifications to tenants and coalesces them into jobs.",
        timeout_seconds=15,
        database=True,
        secrets=(Purpose.WEBHOOKS, Purpose.MERCADO_LIVRE),
        sends=(QueueName.WEBHOOKS, QueueName.JOBS),
        batch=Batch(queue=QueueName.WEBHOOKS, size=10, window_seconds=0),
    ),
    FunctionSpec(
        name="payments_worker",
        summary="Applies payment events to subscriptions and revenue.",
        timeout_seconds=30,
        database=True,
        directory_only=True,
        sends=(QueueName.PAYMENTS,),
        batch=Batch(queue=QueueName.PAYMENTS, size=10, window_seconds=0),
    ),
    FunctionSpec(
        name="sync_worker",
        summary="One page of a sync, one resource to fetch again, or one letter, per message.",
        timeout_seconds=60,
        database=True,
        cache=True,
        mail=True,
        secrets=MERCADO_LIVRE_CALLER,
        parameters=(Parameter.WEB_URL,),
        sends=(QueueName.JOBS,),
        writes_data=(EXPORTS,),
        # A page takes seconds of someone else's API: few per invocation, so that a slow one delays few others.
        batch=Batch(queue=QueueName.JOBS, size=5, window_seconds=0),
    ),
    FunctionSpec(
        name="outgoing_text",
        summary="Sends what sellers write to buyers, in the order of each conversation.",
        timeout_seconds=60,
        database=True,
        cache=True,
        secrets=MERCADO_LIVRE_CALLER,
        sends=(QueueName.JOBS,),
        # One at a time: in a FIFO queue, a message that fails takes those behind it along.
        batch=Batch(queue=QueueName.OUTGOING_TEXT, size=1, window_seconds=0),
    ),
)
