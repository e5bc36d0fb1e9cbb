"""Queues as Lambda's event source works them: batches of records in, failed ones back, the rest deleted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import boto3

from tests.http import Context

SqsHandler = Callable[[dict[str, Any], Any], dict[str, Any]]


def record(
    body: Any, *, attributes: Mapping[str, str] | None = None, group: str | None = None, receives: int = 1
) -> dict[str, Any]:
    """One SQS record of a Lambda event. `body`: text travels as it is, anything else as JSON."""
    return {
        "messageId": str(uuid4()),
        "receiptHandle": str(uuid4()),
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"ApproximateReceiveCount": str(receives), **({"MessageGroupId": group} if group else {})},
        "messageAttributes": {name: {"stringValue": value, "dataType": "String"} for name, value in (attributes or {}).items()},
        "eventSource": "aws:sqs",
    }


def invoke(handler: SqsHandler, *records: dict[str, Any]) -> list[str]:
    """Calls a worker with these records; the ids of those that it gives back."""
    answer = handler({"Records": list(records)}, Context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def receive(queue: str, most: int = 10, *, letters: bool = False) -> list[dict[str, Any]]:
    """Up to ten waiting messages of `PAINEL_QUEUE_{queue}`, as records, taken off the queue.

    Every sign-up queues a letter; those are taken off unseen unless `letters` asks for them.
    """
    while found := _received(queue, most):
        wanted = [one for one in found if letters or '"kind":"letter"' not in one["body"]]
        if wanted:
            return wanted
    return []


def _received(queue: str, most: int) -> list[dict[str, Any]]:
    client, url = boto3.client("sqs"), os.environ[f"PAINEL_QUEUE_{queue.upper()}"]
    found = client.receive_message(
        QueueUrl=url, MaxNumberOfMessages=most, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"]
    ).get("Messages", [])
    records = []
    for message in found:
        client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        attributes = {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}
        records.append(record(message["Body"], attributes=attributes, group=message["Attributes"].get("MessageGroupId")))
    return records


def drain(queue: str, handler: SqsHandler, *, rounds: int = 5000) -> int:
    """Works a queue until it is empty, giving back what failed; how many messages were worked."""
    client, url, worked = boto3.client("sqs"), os.environ[f"PAINEL_QUEUE_{queue.upper()}"], 0
    for _ in range(rounds):
        records = receive(queue)
        if not records:
            return worked
        failed = set(invoke(handler, *records))
        worked += len(records)
        for one in records:
            if one["messageId"] in failed:
                client.send_message(QueueUrl=url, MessageBody=one["body"])
    raise AssertionError(f"{queue} was not empty after {rounds} rounds")


def empty_queues() -> None:
    """Nothing of an earlier test waits any more, delayed copies included."""
    for name, url in os.environ.items():
        if name.startswith("PAINEL_QUEUE_"):
            boto3.client("sqs").purge_queue(QueueUrl=url)
