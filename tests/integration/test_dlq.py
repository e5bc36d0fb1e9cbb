"""`painel dlq`: looking moves nothing, a redriven message is the same one, and nothing is lost on the way."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from ops import dlq, queues
from tests.servers import Database

BODY = {"kind": "refetch", "tenant_id": "01a203cb-cc76-7c6d-b7b9-5819a39c17de", "resource": "/orders/2000011800000001"}


@pytest.fixture
def urls(platform: Database, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The queues of a laptop, empty, in the tests' emulator."""
    client = boto3.client("sqs")
    monkeypatch.setattr(queues, "_client", lambda _env: client)
    monkeypatch.setattr(queues, "LOOKING_SECONDS", 1)
    made = {}
    for queue in queues.QUEUES:
        for end in ("", "-dlq"):
            fifo = queue in queues.FIFO
            attributes: Any = {"FifoQueue": "true"} if fifo else {}
            name = f"painelml-local-{queue}{end}{'.fifo' if fifo else ''}"
            made[f"{queue}{end}"] = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
            client.purge_queue(QueueUrl=made[f"{queue}{end}"])
    return made


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(dlq.app, [*arguments, "--json"])
    return result.exit_code, json.loads(result.stdout)


def bury(urls: dict[str, str], queue: str = "jobs", **changed: Any) -> str:
    more: Any = {"MessageGroupId": "a-tenant"}
    if queue in queues.FIFO:
        more["MessageDeduplicationId"] = "first"
    attributes: Any = {"deferrals": {"DataType": "String", "StringValue": "3"}}
    sent = boto3.client("sqs").send_message(
        QueueUrl=urls[f"{queue}-dlq"], MessageBody=json.dumps({**BODY, **changed}), MessageAttributes=attributes, **more
    )
    return str(sent["MessageId"])


def waiting(url: str) -> list[Any]:
    found: list[Any] = (
        boto3.client("sqs")
        .receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        )
        .get("Messages", [])
    )
    return found


@pytest.mark.req("A100", "B040")
def test_the_list_says_what_lies_where_and_fails_if_anything_does(urls: dict[str, str]) -> None:
    assert run("list") == (0, {"depths": dict.fromkeys(queues.QUEUES, 0)})
    bury(urls)
    code, told = run("list")
    assert code == 1
    assert told["depths"]["jobs"] == 1


def test_looking_moves_nothing(urls: dict[str, str]) -> None:
    buried = bury(urls)
    code, told = run("show", "jobs")
    assert code == 0
    (shown,) = told["messages"]
    assert (shown["id"], shown["kind"], shown["group"]) == (buried, "refetch", "a-tenant")
    assert run("list")[1]["depths"]["jobs"] == 1
    assert waiting(urls["jobs"]) == []


@pytest.mark.parametrize("queue", ["jobs", "outgoing-text"])
def test_a_redriven_message_is_the_same_one(urls: dict[str, str], queue: str) -> None:
    bury(urls, queue)
    assert run("redrive", queue) == (0, {"queue": queue, "redriven": 1, "dry_run": False})
    (back,) = waiting(urls[queue])
    assert json.loads(back["Body"]) == BODY
    assert back["MessageAttributes"]["deferrals"]["StringValue"] == "3"
    assert back["Attributes"]["MessageGroupId"] == "a-tenant"
    assert run("list")[1]["depths"][queue] == 0


def test_all_of_many_go_back(urls: dict[str, str]) -> None:
    for number in range(25):
        bury(urls, resource=f"/orders/{number}")
    assert run("redrive", "jobs")[1]["redriven"] == 25
    assert run("list")[0] == 0


def test_a_dry_run_moves_nothing(urls: dict[str, str]) -> None:
    bury(urls)
    assert run("redrive", "jobs", "--dry-run")[1] == {"queue": "jobs", "redriven": 1, "dry_run": True}
    assert waiting(urls["jobs"]) == []


def test_one_message_can_go_back_or_be_discarded(urls: dict[str, str]) -> None:
    first, second = bury(urls, resource="/orders/1"), bury(urls, resource="/orders/2")
    assert run("redrive", "jobs", "--id", first)[1]["redriven"] == 1
    (back,) = waiting(urls["jobs"])
    assert json.loads(back["Body"])["resource"] == "/orders/1"
    boto3.client("sqs").change_message_visibility(
        QueueUrl=urls["jobs-dlq"], ReceiptHandle=seen(urls, second), VisibilityTimeout=0
    )
    assert run("discard", "jobs", "--id", second)[1]["error"]["what"] == "Nothing was deleted."
    assert run("discard", "jobs", "--id", second, "--yes") == (0, {"queue": "jobs", "discarded": second})
    assert run("list")[0] == 0


def seen(urls: dict[str, str], message_id: str) -> str:
    """The receipt of a message that was looked at, once it shows again."""
    from tests.servers import wait_until

    receipts: list[str] = []

    def shows() -> bool:
        receipts.extend(one["ReceiptHandle"] for one in waiting(urls["jobs-dlq"]) if one["MessageId"] == message_id)
        return bool(receipts)

    wait_until(shows, seconds=queues.LOOKING_SECONDS + 10, what="the message's showing again")
    return receipts[-1]


@pytest.mark.parametrize("arguments", [("show", "weather"), ("redrive", "weather"), ("redrive", "jobs", "--id", "nobody")])
def test_what_is_not_there_is_told(urls: dict[str, str], arguments: tuple[str, ...]) -> None:
    code, told = run(*arguments)
    assert code == 1
    assert told["error"]["do"]
