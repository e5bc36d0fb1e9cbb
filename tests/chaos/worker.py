"""A worker process: takes batches off both queues as Lambda's event source does, until it is killed or its parent is gone.

`python -m tests.chaos.worker`, with the `PAINEL_*` variables of the site.
"""

from __future__ import annotations

import os
import time
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.sync_worker.handler import handler as sync_worker
from lambdas.webhook_worker.handler import handler as webhook_worker
from tests.http import Context
from tests.queues import SqsHandler

WORKS: tuple[tuple[str, SqsHandler, int], ...] = (("WEBHOOKS", webhook_worker, 10), ("JOBS", sync_worker, 5))
PAUSE_SECONDS = 0.1


def main() -> None:
    client, parent = boto3.client("sqs"), os.getppid()
    while os.getppid() == parent:
        try:
            worked = [_batch(client, os.environ[f"PAINEL_QUEUE_{name}"], handler, most) for name, handler, most in WORKS]
        except (BotoCoreError, ClientError):
            worked = []  # the queues are away; what was taken comes back
        if not any(worked):
            time.sleep(PAUSE_SECONDS)


def _batch(client: Any, queue: str, handler: SqsHandler, most: int) -> int:
    """Messages are deleted once the handler has done with them, and not before: a kill in between brings them back."""
    received = client.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=most, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"]
    )
    messages = received.get("Messages", [])
    if not messages:
        return 0
    failed = {
        one["itemIdentifier"]
        for one in handler({"Records": [_record(one) for one in messages]}, Context())["batchItemFailures"]
    }
    for one in messages:
        if one["MessageId"] not in failed:
            client.delete_message(QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"])
    return len(messages)


def _record(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"stringValue": value["StringValue"], "dataType": "String"}
            for name, value in message.get("MessageAttributes", {}).items()
        },
    }


if __name__ == "__main__":
    main()
