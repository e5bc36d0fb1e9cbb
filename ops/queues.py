"""The dead-letter queues of an environment: what lies there, and its way back to work."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ops import emulator
from ops.errors import OperationError
from ops.home import Home

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

QUEUES = ("webhooks", "payments", "jobs", "outgoing-text")
FIFO = frozenset({"outgoing-text"})
COUNTED: Sequence[QueueAttributeNameType] = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
AT_ONCE = 10
LOOKING_SECONDS = 20  # what was looked at is hidden so long, and then lies there again


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that failed five times. `group` is the tenant, or the conversation, that it belongs to."""

    id: str
    receipt: str
    body: str
    sent_ms: int
    receives: int
    group: str | None
    attributes: dict[str, Any]

    @property
    def kind(self) -> str:
        """What it asks for: a job's kind, a notification's topic; a dash for what cannot be read."""
        try:
            body = json.loads(self.body)
            return str(body.get("kind") or body.get("topic") or body.get("source") or "-")
        except (ValueError, AttributeError):
            return "-"


class DeadLetters:
    """The dead-letter queues beside the working ones."""

    def __init__(self, env: str) -> None:
        self._env = env
        self._client: SQSClient = _client(env)

    def depths(self) -> dict[str, int]:
        """About how many lie in each queue's dead-letter queue."""
        found: dict[str, int] = {}
        for queue in QUEUES:
            told = self._client.get_queue_attributes(QueueUrl=self._url(queue, dead=True), AttributeNames=COUNTED)
            found[queue] = sum(int(told["Attributes"][name]) for name in COUNTED)
        return found

    def look(self, queue: str, most: int) -> list[DeadLetter]:
        """At most `most` of them, which stay where they are."""
        return list(self._received(queue, most))

    def redrive(self, queue: str, most: int, only: str | None = None) -> int:
        """Sends messages back to work, each before it is taken off here, so that none can be lost; how many."""
        moved = 0
        target = self._url(queue)
        for letter in self._received(queue, most):
            if only is None or letter.id == only:
                self._client.send_message(
                    QueueUrl=target, MessageBody=letter.body, MessageAttributes=letter.attributes, **_grouping(queue, letter)
                )
                self._forget(queue, letter)
                moved += 1
        return moved

    def discard(self, queue: str, message_id: str, most: int) -> bool:
        """Deletes one message for good. False where it was not found among `most`."""
        for letter in self._received(queue, most):
            if letter.id == message_id:
                self._forget(queue, letter)
                return True
        return False

    def _received(self, queue: str, most: int) -> Iterator[DeadLetter]:
        url, seen = self._url(queue, dead=True), set[str]()
        while len(seen) < most:
            told = self._client.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(AT_ONCE, most - len(seen)),
                VisibilityTimeout=LOOKING_SECONDS,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
            ).get("Messages", [])
            fresh = [message for message in told if message["MessageId"] not in seen]
            if not fresh:
                return
            for message in fresh:
                seen.add(message["MessageId"])
                yield _letter(message)

    def _forget(self, queue: str, letter: DeadLetter) -> None:
        self._client.delete_message(QueueUrl=self._url(queue, dead=True), ReceiptHandle=letter.receipt)

    def _url(self, queue: str, *, dead: bool = False) -> str:
        if queue not in QUEUES:
            raise OperationError(f"There is no queue {queue!r}.", do=f"Choose one of: {', '.join(QUEUES)}.")
        middle = "" if self._env == "prod" else f"{self._env}-"
        name = f"painelml-{middle}{queue}{'-dlq' if dead else ''}{'.fifo' if queue in FIFO else ''}"
        try:
            return self._client.get_queue_url(QueueName=name)["QueueUrl"]
        except (BotoCoreError, ClientError) as error:
            raise OperationError(
                f"The queue {name} could not be reached.",
                why=str(error),
                do="On a laptop: `make up`. On AWS: sign in to the environment's account (AWS_PROFILE, AWS_REGION).",
            ) from error


def _client(env: str) -> SQSClient:
    client: SQSClient = boto3.client("sqs", **(_emulator() if env == "local" else {}))
    return client


def _emulator() -> dict[str, Any]:
    return {
        "endpoint_url": emulator.url(Home.default()),
        "aws_access_key_id": emulator.ACCESS_KEY,
        "aws_secret_access_key": emulator.SECRET_KEY,
        "region_name": emulator.REGION,
    }


def _letter(message: Any) -> DeadLetter:
    system = message.get("Attributes", {})
    return DeadLetter(
        id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        body=message["Body"],
        sent_ms=int(system.get("SentTimestamp", 0)),
        receives=int(system.get("ApproximateReceiveCount", 0)),
        group=system.get("MessageGroupId"),
        attributes={
            name: {key: value for key, value in given.items() if key in ("DataType", "StringValue", "BinaryValue")}
            for name, given in message.get("MessageAttributes", {}).items()
        },
    )


def _grouping(queue: str, letter: DeadLetter) -> dict[str, Any]:
    grouping: dict[str, Any] = {"MessageGroupId": letter.group} if letter.group else {}
    # A redriven text must not be taken for the repetition of its first sending.
    return grouping | ({"MessageDeduplicationId": f"redrive-{letter.id}"} if queue in FIFO else {})
