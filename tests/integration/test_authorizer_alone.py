"""The authorizer while database and cache are dead: signed tokens are proved; a key is neither let in nor called false."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from cdk_app.function_table import AUTHORIZER
from cdk_app.gateway_problems import GATEWAY_PROBLEMS
from painelml.core import connections, db
from tests import platform as started
from tests.http import authorized, call, gateway, rest_event
from tests.people import Person, sign_up
from tests.servers import Database

pytestmark = pytest.mark.usefixtures("platform")

NOWHERE = {
    "PAINEL_DATABASE_URL": "postgresql://app@127.0.0.1:1/painelml",
    "PAINEL_CACHE_URL": "redis+cluster://nobody:nothing@127.0.0.1:1",
}


@contextmanager
def dead() -> Generator[None]:
    """Nobody listens where the database and the cache were."""
    kept = {name: os.environ[name] for name in NOWHERE}
    db.disconnect()
    started.tell(**NOWHERE)
    try:
        yield
    finally:
        started.tell(**kept)
        db.disconnect()


def ask(token: str) -> dict[str, Any]:
    event = rest_event("GET", "/tenant", headers={"Authorization": f"Bearer {token}"})
    return authorized(event)


def api_key(owner: Person) -> str:
    body = {"name": "Programa", "scopes": ["READ_TENANT"]}
    made = call(gateway, "POST", "/api-keys", body=body, token=owner.access_token)
    assert made.status == 201, made.text
    return str(made.json["key"])


@pytest.mark.req("A047", "A048", "K11")
def test_a_signed_token_is_proved_without_database_and_cache() -> None:
    owner = sign_up()
    head, claims, signature = owner.access_token.split(".")
    forged = [
        f"{head}.{claims}.{signature[::-1]}",
        f"{head}.{claims[::-1]}.{signature}",
        f"{head}.{claims}.",
        "abc",
    ]
    with dead():
        assert ask(owner.access_token)["tenant_id"] == str(owner.caller.tenant_id)
        for token in forged:
            with pytest.raises(Exception, match=r"^Unauthorized$"):
                ask(token)


@pytest.mark.req("K33")
def test_a_key_that_cannot_be_looked_up_is_not_called_false() -> None:
    key = api_key(sign_up())
    accepted = ask(key)
    edited = key[:-1] + ("a" if key[-1] != "a" else "b")
    with dead():
        with pytest.raises(Exception, match=r"^Unavailable$"):
            ask(key)
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            ask(edited)  # its checksum is wrong, whatever the database would say
    assert ask(key) == accepted
    (problem,) = [problem for problem in GATEWAY_PROBLEMS if problem.kind == "AUTHORIZER_FAILURE"]
    assert problem.status == 503
    assert "Retry-After" in problem.headers


def test_it_gives_up_before_the_gateway_does() -> None:
    assert AUTHORIZER.timeout_seconds > connections.CONNECT_SECONDS * 2


IN_A_PROCESS_OF_ITS_OWN = """
import json, sys
from lambdas.authorizer.handler import handler
asked = {"methodArn": "arn:aws:execute-api:us-east-1:0:a/api/GET/v1/x", "headers": {"Authorization": sys.stdin.read()}}
policy = handler({**asked, "requestContext": {}}, None)
drivers = sorted({"psycopg", "redis", "valkey", "alembic"} & set(sys.modules))
print(json.dumps({"tenant": policy["context"]["tenant_id"], "drivers": drivers}))
"""


def test_a_signed_token_does_not_even_load_the_driver(database: Database) -> None:
    owner = sign_up()
    done = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS_OF_ITS_OWN],
        input=f"Bearer {owner.access_token}",
        env={**os.environ, **NOWHERE, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"tenant": str(owner.caller.tenant_id), "drivers": []}
