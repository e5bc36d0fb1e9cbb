"""SQS: sending jobs, and working through a batch so that each message is done, deferred or given back on its own."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from painelml.core.aws import sqs
from painelml.core.config import config
from painelml.core.errors import DatabaseUnavailable, RetryLater
from painelml.core.observability import logger

BATCH_ENTRIES = 10
DATABASE_PAUSE_SECONDS = 5
LONGEST_DELAY = 900  # SQS keeps a message back for no longer
DEFERRALS = "deferrals"


Outcome = Literal["done", "deferred", "failed"]


@dataclass(frozen=True, slots=True)
class Message:
    """One SQS record. `attributes` are the string message attributes; `group` is the MessageGroupId, if any."""

    id: str
    body: str
    attributes: Mapping[str, str]
    group: str | None
    receives: int

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def deferrals(self) -> int:
        """How often this work was put off: each delayed copy carries one more."""
        counted = self.attributes.get(DEFERRALS, "0")
        return int(counted) if counted.isdecimal() else 0


class Batch:
    """The records of one SQS event and what became of each.

    `attempt` guards work on some of them: RetryLater (and a lost database) sends a delayed copy and drops the original, because
    every receive counts towards the dead-letter queue; anything else gives the message back (`ReportBatchItemFailures`).
    """

    def __init__(self, event: Mapping[str, Any], queue_url: str) -> None:
        self.messages = [_message(record) for record in event["Records"]]
        self._queue_url = queue_url
        self.failed: list[str] = []
        self.deferred: set[str] = set()

    def __iter__(self) -> Iterator[Message]:
        return iter(self.messages)

    @contextmanager
    def attempt(self, *messages: Message) -> Generator[None]:
        """Work on `messages` that succeeds or fails together."""
        try:
            yield
        except RetryLater as pause:
            self._defer(messages, pause.seconds, str(pause))
        except DatabaseUnavailable:
            self._defer(messages, DATABASE_PAUSE_SECONDS, "the database is away")
        except Exception:  # noqa: BLE001 - a poison message must not take the rest of the batch with it
            self._give_back(messages)

    def put_back(self, messages: Iterable[Message]) -> None:
        """Sends these to the end of the queue, as they are: somebody else may be free for them."""
        for message in messages:
            with self.attempt(message):
                send(self._queue_url, message.body, attributes=message.attributes, group=message.group)

    def outcome(self, message: Message) -> Outcome:
        """What became of one of them."""
        return "failed" if message.id in self.failed else "deferred" if message.id in self.deferred else "done"

    def response(self) -> dict[str, Any]:
        """What Lambda's SQS event source expects back."""
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in self.failed]}

    def _defer(self, messages: Iterable[Message], seconds: int, reason: str) -> None:
        for message in messages:
            try:
                send(
                    self._queue_url,
                    message.body,
                    delay_seconds=seconds,
                    attributes={**message.attributes, DEFERRALS: str(message.deferrals + 1)},
                    group=message.group,
                )
            except Exception:  # noqa: BLE001 - without its copy the original must come back
                self._give_back([message])
            else:
                self.deferred.add(message.id)
                logger.info("message deferred", extra={"reason": reason, "delay_seconds": seconds})

    def _give_back(self, messages: Iterable[Message]) -> None:
        for message in messages:
            logger.exception("message failed", extra={"message_id": message.id, "receives": message.receives})
            self.failed.append(message.id)


def send(
    queue_url: str,
    body: str,
    *,
    delay_seconds: int = 0,
    attributes: Mapping[str, str] | None = None,
    group: str | None = None,
) -> None:
    """One message. `group` is the MessageGroupId: the tenant on painelml-jobs, so that SQS shares its attention fairly."""
    grouped = {"MessageGroupId": group} if group else {}
    sqs().send_message(
        QueueUrl=queue_url,
        MessageBody=body,
        DelaySeconds=delay_seconds,
        MessageAttributes=_typed(attributes),
        **grouped,  # type: ignore[arg-type]
    )


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send. `group` is its MessageGroupId, `delay_seconds` (≤ 900) how long the queue keeps it back."""

    body: str
    group: str
    delay_seconds: int = 0


def send_all(queue_url: str, messages: Iterable[Outgoing]) -> int:
    """Sends the messages ten at a time; raises RuntimeError if SQS refuses any. Returns how many were sent."""
    sent = 0
    entries: list[dict[str, Any]] = []
    for message in messages:
        entries.append(
            {
                "Id": str(len(entries)),
                "MessageBody": message.body,
                "MessageGroupId": message.group,
                "DelaySeconds": message.delay_seconds,
            }
        )
        if len(entries) == BATCH_ENTRIES:
            sent += _send_entries(queue_url, entries)
            entries = []
    return sent + (_send_entries(queue_url, entries) if entries else 0)


def is_reachable() -> bool:
    """Whether SQS answers for the jobs queue, for /ready."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        sqs().get_queue_attributes(QueueUrl=config().require("queue_jobs"), AttributeNames=["QueueArn"])
    except (BotoCoreError, ClientError):
        return False
    return True


def _send_entries(queue_url: str, entries: list[dict[str, Any]]) -> int:
    refused = sqs().send_message_batch(QueueUrl=queue_url, Entries=entries).get("Failed", [])  # type: ignore[arg-type]
    if refused:
        raise RuntimeError(f"SQS refused {len(refused)} of {len(entries)} messages: {refused[0].get('Code')}.")
    return len(entries)


def _typed(attributes: Mapping[str, str] | None) -> Any:
    return {key: {"DataType": "String", "StringValue": value} for key, value in (attributes or {}).items() if value}


def _message(record: Mapping[str, Any]) -> Message:
    return Message(
        id=record["messageId"],
        body=record["body"],
        attributes={
            key: value["stringValue"] for key, value in record.get("messageAttributes", {}).items() if value.get("stringValue")
        },
        group=record["attributes"].get("MessageGroupId"),
        receives=int(record["attributes"].get("ApproximateReceiveCount", 1)),
    )


logging.getLogger("botocore").setLevel(logging.WARNING)
