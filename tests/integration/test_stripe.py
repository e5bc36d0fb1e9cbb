"""Our payment provider's webhook: verified at the door, queued, stored once."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from uuid import uuid4

import boto3
import psycopg
import pytest

from lambdas.payments_worker.handler import handler as payments_worker
from lambdas.webhook_intake.handler import handler as intake
from painelml.core import secrets
from painelml.core.config import config
from tests.http import Answer, call
from tests.queues import drain, empty_queues, invoke, receive, record
from tests.servers import Database

SECRET = "whsec_painelml_test"


@pytest.fixture(autouse=True)
def _nothing_waits(platform: Database) -> None:
    empty_queues()


def post(body: bytes | str, *, header: str | None = None, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else body.encode()
    stamp = int(time.time())
    signed = hmac.new(SECRET.encode(), f"{stamp}.".encode() + raw, hashlib.sha256).hexdigest()
    sent = f"t={stamp},v1={signed}" if header is None else header
    return call(
        intake, "POST", "/webhooks/stripe", body=body, headers={"stripe-signature": sent, **headers} if sent else headers
    )


def event(**changed: Any) -> str:
    return json.dumps(
        {"id": f"evt_{uuid4().hex}", "type": "invoice.paid", "livemode": False, "created": 1_700_000_000, **changed}
    )


def filed(database: Database, event_id: str) -> list[Any]:
    with psycopg.connect(database.superuser_url) as admin:
        sql = "select status, type from directory.provider_events where source = 'stripe' and event_id = %s"
        return admin.execute(sql, [event_id]).fetchall()


@pytest.mark.parametrize("as_bytes", [False, True], ids=["text", "base64"])
def test_a_signed_event_is_stored_once_however_often_it_comes(platform: Database, as_bytes: bool) -> None:
    body = event(customer="açúcar")
    for _ in range(2):
        answer = post(body.encode() if as_bytes else body)
        assert (answer.status, answer.json) == (200, {"received": True})
    assert drain("payments", payments_worker) == 2
    assert filed(platform, json.loads(body)["id"]) == [("received", "invoice.paid")]


def test_an_unknown_type_is_stored_and_ignored(platform: Database) -> None:
    body = event(type="radar.early_fraud_warning.created")
    assert post(body).status == 200
    drain("payments", payments_worker)
    assert filed(platform, json.loads(body)["id"]) == [("ignored", "radar.early_fraud_warning.created")]


def test_a_live_event_is_refused_where_test_events_belong(platform: Database) -> None:
    body = event(livemode=True)
    assert post(body).status == 200
    drain("payments", payments_worker)
    assert filed(platform, json.loads(body)["id"]) == [("refused", "invoice.paid")]


@pytest.mark.parametrize(
    ("body", "header", "status", "code"),
    [
        (event(), "", 400, "signature_missing"),
        (event(), "t=1,v1=00", 401, "signature_wrong"),
        ("not json", None, 400, "malformed_json"),
        ("[1]", None, 400, "invalid_request"),
        ('{"id": 1, "type": "x"}', None, 400, "invalid_request"),
        ("x" * (512 * 1024 + 1), None, 413, "body_too_large"),
        (b"x" * (512 * 1024 + 1), None, 413, "body_too_large"),
    ],
)
def test_bad_bodies_get_the_documented_answer(body: bytes | str, header: str | None, status: int, code: str) -> None:
    answer = post(body, header=header)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert receive("payments") == []


def test_an_event_at_the_cap_passes_the_queue(platform: Database) -> None:
    body = event(padding="")
    body = event(padding="x" * (512 * 1024 - len(body) - 8))
    assert len(body) <= 512 * 1024
    assert post(body).status == 200
    assert drain("payments", payments_worker) == 1
    assert filed(platform, json.loads(body)["id"]) == [("received", "invoice.paid")]


def test_without_a_secret_the_door_is_shut(platform: Database) -> None:
    client, name = boto3.client("secretsmanager"), str(config().secret_stripe)
    held = client.get_secret_value(SecretId=name)["SecretString"]
    try:
        for empty in ({"stripe": {"webhook_secrets": [""], "livemode": False}}, {}):
            client.put_secret_value(SecretId=name, SecretString=json.dumps(empty))
            secrets.forget()
            assert post(event()).status == 503
    finally:
        client.put_secret_value(SecretId=name, SecretString=held)
        secrets.forget()


def test_a_poison_message_comes_back_alone(platform: Database) -> None:
    body = event()
    assert post(body).status == 200
    poison = record({"source": "stripe"})
    assert invoke(payments_worker, poison, *receive("payments")) == [poison["messageId"]]
    assert filed(platform, json.loads(body)["id"]) == [("received", "invoice.paid")]
