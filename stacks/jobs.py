"""What runs because of messages, clocks and operators: workers, scheduled functions, and `operations`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk_app.checks import acknowledge, acknowledge_plain_http
from cdk_app.environments import Environment
from cdk_app.function_spec import Batch
from cdk_app.function_table import OPERATIONS, SCHEDULED, WORKERS
from cdk_app.functions import PainelFunction
from cdk_app.queues import KEPT
from cdk_app.surroundings import FunctionSurroundings
from stacks.functions import FunctionsStack

# A run that could not start within the hour is worth less than the next one.
OLDEST_EVENT = Duration.hours(1)


class JobsStack(FunctionsStack):
    """`failed_schedules` is the queue of scheduled runs that failed for good."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment, **around: Any) -> None:
        super().__init__(scope, construct_id, environment=environment, **around)
        for spec in WORKERS:
            worker = PainelFunction(self, spec.name, spec=spec, surroundings=self.surroundings).function
            self.functions[spec.name] = worker
            if spec.batch:
                worker.add_event_source(self._event_source(spec.batch, self.surroundings))
        self.failed_schedules = sqs.Queue(
            self,
            "FailedSchedules",
            queue_name=environment.resource_name("schedules-dlq"),
            retention_period=KEPT,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=environment.speaks_tls,
        )
        if not environment.speaks_tls:
            acknowledge_plain_http(self.failed_schedules, "SQS4")
        acknowledge(self.failed_schedules, {"SQS3": "It is a dead-letter queue itself: of rules and of functions."})
        for spec in SCHEDULED:
            function = PainelFunction(self, spec.name, spec=spec, surroundings=self.surroundings).function
            self.functions[spec.name] = function
            self._schedule(spec.name, str(spec.schedule), function)
        owner = self.surroundings
        if self.layers:
            owner = replace(owner, layers=[*self.layers.versions, self.layers.migrations()])
        self.functions[OPERATIONS.name] = PainelFunction(self, OPERATIONS.name, spec=OPERATIONS, surroundings=owner).function

    @staticmethod
    def _event_source(batch: Batch, around: FunctionSurroundings) -> sources.SqsEventSource:
        return sources.SqsEventSource(
            around.queues[batch.queue],
            batch_size=batch.size,
            max_batching_window=Duration.seconds(batch.window_seconds)
            if batch.window_seconds
            else None,  # FIFO queues have none
            report_batch_item_failures=True,
            # Not reserved concurrency: a throttled poll would burn one of the message's receives.
            max_concurrency=around.profile.workers.maximum_concurrency,
        )

    def _schedule(self, name: str, expression: str, function: lambda_.Function) -> None:
        """Two ways to fail, one queue: the rule could not start the function, or the function failed three times."""
        function.configure_async_invoke(
            max_event_age=OLDEST_EVENT,
            retry_attempts=2,
            on_failure=destinations.SqsDestination(self.failed_schedules),
        )
        events.Rule(
            self,
            f"{name}-schedule",
            description=f"Starts {name}.",
            schedule=events.Schedule.expression(expression),
            targets=[
                targets.LambdaFunction(
                    function,
                    dead_letter_queue=self.failed_schedules,
                    max_event_age=OLDEST_EVENT,
                    retry_attempts=2,
                )
            ],
        )
