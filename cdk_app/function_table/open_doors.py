"""What is called without a token: health by monitors, webhooks by partners."""

from __future__ import annotations

from cdk_app.function_spec import FunctionSpec, Purpose, QueueName, Route

OPEN_DOORS = (
    FunctionSpec(
        name="health",
        summary="Alive, and ready: database, cache and queue answer.",
        timeout_seconds=10,
        database=True,
        directory_only=True,
        cache=True,
        inspects=(QueueName.JOBS,),
        routes=(Route(path="health", public=True), Route(path="ready", public=True)),
    ),
    FunctionSpec(
        name="webhook_intake",
        summary="Signed webhooks: verify over the raw bytes, enqueue, answer.",
        timeout_seconds=10,
        secrets=(Purpose.STRIPE,),
        sends=(QueueName.PAYMENTS,),
        routes=(Route(path="webhooks/stripe", public=True),),
    ),
)
