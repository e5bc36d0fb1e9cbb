"""A refusal does the same work for a known address and an unknown one (D2); `python -m tests.bench timing` measures it."""

from __future__ import annotations

import pytest

from lambdas.operations.handler import handler as operations
from ops.isolation.document import Document, Operation
from ops.openapi import DOCUMENT
from tests.bench.timing import operations_with_an_address
from tests.http import Answer, call, gateway
from tests.people import sign_up, unique_email
from tests.postgres import PASSWORD as DATABASE_PASSWORD
from tests.servers import Database
from tests.wire import listening

DOORS = operations_with_an_address(Document.read(DOCUMENT))


@pytest.fixture(scope="module", autouse=True)
def _house(platform: Database) -> None:
    """Our own tenant is there before anyone knocks, because the migration makes it."""
    operations({"verb": "migrate", "args": {"app_password": DATABASE_PASSWORD}}, None)


@pytest.mark.req("A050", "A055")
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_the_statements_and_the_answer_are_the_same(platform: Database, door: Operation) -> None:
    known, said, answers = sign_up().email, [], []
    body = Document.read(DOCUMENT).sample(door.body or {})

    def ask(email: str) -> Answer:
        values = {"email": email, "password": "senha que está errada"}
        return call(gateway, "POST", door.path, body={name: values.get(name, value) for name, value in body.items()})

    for email in (known, unique_email()):
        with listening(platform) as wire:
            answers.append(ask(email))
        said.append(wire.statements)
    assert said[0] == said[1]
    assert (answers[0].status, answers[0].text.partition("request_id")[0]) == (
        answers[1].status,
        answers[1].text.partition("request_id")[0],
    )
    assert answers[0].status not in (400, 404, 429)
