"""One local environment for the whole package, with handlers that only say what they were given."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator

import boto3
import pytest

from ops import emulator, local
from ops.console import Report
from ops.endpoints import Endpoints
from ops.home import Home
from tests.infra.stateless import write_handlers

ANSWER = """
import json

def handler(event, context):
    print("called")
    caller = event["requestContext"].get("authorizer") or {}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(caller)}
"""
AUTHORIZER = """
def handler(event, context):
    print("called")
    token = next((value for name, value in event["headers"].items() if name.lower() == "authorization"), "")
    stage = "/".join(event["methodArn"].split("/")[:2])
    effect = "Allow" if token == "Bearer good" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{stage}/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "someone", "policyDocument": policy, "context": {"tenant_id": "t-1"}}
"""
POISONED = """
def handler(event, context):
    print("called")
    return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in event["Records"] if "poison" in r["body"]]}
"""


class Running:
    """The environment: where it is, and clients for its emulator."""

    def __init__(self, home: Home, endpoints: Endpoints, options: local.Options) -> None:
        self.home = home
        self.options = options
        self.endpoints = endpoints
        self._session = boto3.Session(
            aws_access_key_id=emulator.ACCESS_KEY,
            aws_secret_access_key=emulator.SECRET_KEY,
            region_name=emulator.REGION,
        )
        self.sqs = self._session.client("sqs", endpoint_url=endpoints.aws_endpoint_url)
        self.functions = self._session.client("lambda", endpoint_url=endpoints.aws_endpoint_url)

    def queue(self, name: str) -> str:
        """The URL of `painelml-local-{name}`."""
        return str(self.sqs.get_queue_url(QueueName=f"painelml-local-{name}")["QueueUrl"])


def wait_for(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.05)


@pytest.fixture(scope="package", autouse=True)
def _a_server_of_its_own() -> Iterator[None]:
    """Other tests point PAINEL_* at servers of theirs, which `painel up` would take for the user's."""
    named = {name: os.environ.pop(name) for name in ("PAINEL_DATABASE_URL", "PAINEL_CACHE_URL") if name in os.environ}
    yield
    os.environ.update(named)


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("painel")
    handlers = write_handlers(folder / "lambdas", ANSWER)
    (handlers / "authorizer" / "handler.py").write_text(AUTHORIZER)
    (handlers / "payments_worker" / "handler.py").write_text(POISONED)
    home = Home(folder / "home")
    home.create()
    options = local.Options(
        with_demo=False,
        operate=False,
        app=f"{sys.executable} -m tests.integration.local.app",
        context={"lambdas_folder": str(handlers)},
    )
    try:
        found = Running(home, local.up(home, Report(as_json=True), options), options)
        stop_consuming(found, "webhook-worker")
        yield found
    finally:
        local.down(home)


def stop_consuming(running: Running, function: str) -> None:
    """So that a test can read the queue itself."""
    for mapping in running.functions.list_event_source_mappings(FunctionName=f"painelml-local-{function}")[
        "EventSourceMappings"
    ]:
        running.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
