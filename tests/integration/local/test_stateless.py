"""The stateless stacks on the emulator: the direct intake, the authorizer, the gateway's errors, dead letters."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.integration.local.conftest import Running, wait_for


def _post(running: Running, token: str, body: str, content_type: str = "application/json") -> httpx.Response:
    url = f"{running.endpoints.api_url}/webhooks/mercado-livre/{token}"
    return httpx.post(url, content=body, headers={"Content-Type": content_type}, timeout=20)


def _received(running: Running) -> dict[str, Any]:
    """The one message that waits in the webhooks queue, taken out of it."""
    queue = running.queue("webhooks")
    found: list[Any] = []

    def came() -> bool:
        found.extend(
            running.sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"], MaxNumberOfMessages=10).get(
                "Messages", []
            )
        )
        return bool(found)

    wait_for(came, seconds=10, what="the message's arrival")
    [message] = found
    running.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return dict(message)


def _attribute(message: dict[str, Any], name: str) -> str:
    return str(message["MessageAttributes"][name]["StringValue"])


@pytest.mark.req("A033", "A098", "A026")
def test_a_notification_lands_in_the_queue_as_it_was_sent(running: Running) -> None:
    body = '{"resource":"/orders/2000003508419013","user_id":468424240,"topic":"orders_v2","ação":"á&b=c %26 + \\u0000"}'
    answer = _post(running, "a-token", body)
    assert (answer.status_code, answer.json()) == (200, {})
    message = _received(running)
    assert message["Body"] == body
    assert _attribute(message, "path_token") == "a-token"
    assert _attribute(message, "source") == "mercado-livre"
    assert "MessageGroupId" not in message.get("Attributes", {})


@pytest.mark.req("A033")
@pytest.mark.parametrize(
    ("token", "arrives_as"),
    [
        ("x%26MessageBody=FORGED", "x&MessageBody=FORGED"),
        ("x%26Action=PurgeQueue", "x&Action=PurgeQueue"),
        ("x&MessageBody=FORGED", "x&MessageBody=FORGED"),
        ("x%26MessageAttribute.1.Name=source", "x&MessageAttribute.1.Name=source"),
    ],
)
def test_an_ampersand_in_the_token_stays_a_character(running: Running, token: str, arrives_as: str) -> None:
    assert _post(running, token, '{"real":true}').status_code == 200
    message = _received(running)
    assert message["Body"] == '{"real":true}'
    assert _attribute(message, "path_token") == arrives_as
    assert _attribute(message, "source") == "mercado-livre"


@pytest.mark.req("A033")
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_looks_like_a_command_stays_a_body(running: Running, content_type: str) -> None:
    body = "Action=PurgeQueue&MessageBody=FORGED"
    assert _post(running, "t", body, content_type).status_code == 200
    assert _received(running)["Body"] == body


@pytest.mark.req("A033")
def test_another_type_of_body_is_refused_and_not_passed_through(running: Running) -> None:
    answer = _post(running, "t", "Action=PurgeQueue", "application/xml")
    assert answer.status_code == 415
    assert answer.json()["code"] == "unsupported_media_type"


@pytest.mark.req("A048")
def test_the_authorizer_lets_in_whom_it_knows_on_every_route(running: Running) -> None:
    headers = {"Authorization": "Bearer good"}
    for path in ("orders/1", "items", "tenant"):
        answer = httpx.get(f"{running.endpoints.api_url}/{path}", headers=headers, timeout=20)
        assert answer.status_code == 200
        assert answer.json()["tenant_id"] == "t-1"


@pytest.mark.req("A048")
@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("orders", {}, 401, "unauthorized"),
        ("orders", {"Authorization": "Bearer bad"}, 403, "forbidden"),
        ("nothing-here", {"Authorization": "Bearer good"}, 404, "not_found"),
    ],
)
def test_the_gateways_refusals_are_problems(
    running: Running, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    answer = httpx.get(f"{running.endpoints.api_url}/{path}", headers=headers, timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"]


@pytest.mark.req("A100", "B040", "A024")
def test_what_fails_again_and_again_ends_in_the_dead_letter_queue_alone(running: Running) -> None:
    queue, dlq = running.queue("payments"), running.queue("payments-dlq")
    running.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "0"})
    for body in ("good-1", "poison", "good-2"):
        running.sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"body": body}))

    def waiting(url: str) -> int:
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = running.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(count) for count in counts.values())

    wait_for(lambda: (waiting(dlq), waiting(queue)) == (1, 0), seconds=60, what="the poison's move to the DLQ")
    [message] = running.sqs.receive_message(QueueUrl=dlq)["Messages"]
    assert "poison" in message["Body"]
