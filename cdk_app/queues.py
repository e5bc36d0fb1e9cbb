"""A queue and the place where its poison goes."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk_app.checks import acknowledge_plain_http

MAX_RECEIVES = 5
# AWS's advice for event source mappings: less, and a message that is still being worked on is delivered again.
VISIBILITY_TIMES_TIMEOUT = 6
KEPT = Duration.days(14)


class QueueWithDlq(Construct):
    """`queue` and its `dlq`, both encrypted, and TLS-only where there is TLS. `name` is the physical name, without `.fifo`.

    Messages wait at most 14 days in either, so that an outage of any length that people can bear loses none.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, consumer_timeout: Duration, tls_only: bool, fifo: bool = False
    ) -> None:
        super().__init__(scope, construct_id)
        suffix = ".fifo" if fifo else ""
        self.dlq = sqs.Queue(
            self,
            "Dlq",
            queue_name=f"{name}-dlq{suffix}",
            fifo=fifo or None,
            retention_period=KEPT,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=tls_only,
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=f"{name}{suffix}",
            fifo=fifo or None,
            # Two equal answers to two buyers are two messages: the sender names each with its own id.
            content_based_deduplication=False if fifo else None,
            retention_period=KEPT,
            visibility_timeout=Duration.seconds(VISIBILITY_TIMES_TIMEOUT * consumer_timeout.to_seconds()),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=tls_only,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dlq, max_receive_count=MAX_RECEIVES),
        )
        if not tls_only:
            acknowledge_plain_http(self, "SQS4")
