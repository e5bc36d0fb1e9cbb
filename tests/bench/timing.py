"""Whether the time of a refusal tells known e-mail addresses from unknown ones (D2): the median difference of pairs of tries.

Routes are found in the OpenAPI document: each public POST that takes an e-mail address and does not register it.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from ops.isolation.document import Document, Operation
from ops.openapi import DOCUMENT
from tests.bench.result import Result
from tests.postgres import PASSWORD

TRIES, LIMIT_MS = 500, 5.0
# Refused before an address is looked at, so nothing would be measured.
WITHOUT_WORK = {400, 404, 429}


def operations_with_an_address(document: Document) -> list[Operation]:
    """The public routes that an address can be tried on."""
    return [
        operation
        for operation in document.operations
        if operation.is_public
        and operation.method == "POST"
        and operation.body is not None
        and "email" in document.resolved(operation.body).get("properties", {})
        and "register" not in operation.path
    ]


def run() -> Iterator[Result]:
    from lambdas.operations.handler import handler as operations  # handlers read their configuration when they are imported
    from tests.platform import everything

    document = Document.read(DOCUMENT)
    with TemporaryDirectory() as folder, everything(Path(folder)):
        operations({"verb": "migrate", "args": {"app_password": PASSWORD}}, None)
        for operation in operations_with_an_address(document):
            yield _measured(document, operation)


def _measured(document: Document, operation: Operation) -> Result:
    from tests.http import call, gateway
    from tests.people import sign_up

    person = sign_up()
    body: dict[str, Any] = document.sample(operation.body or {})
    answers: set[tuple[int, str]] = set()

    def ask(email: str) -> float:
        """Milliseconds. Counters of tries are forgotten before: a throttled try is refused without any of the work."""
        _forget_tries()
        told = {name: {"email": email, "password": "senha que está errada"}.get(name, value) for name, value in body.items()}
        started = time.perf_counter()
        answer = call(gateway, "POST", operation.path, body=told)
        took = (time.perf_counter() - started) * 1000
        answers.add((answer.status, str(json.loads(answer.text).get("code")) if answer.text else ""))
        return took

    def pair() -> tuple[float, float]:
        """Known and unknown, in an order that chance decides, so that the machine's moods fall on both."""
        emails = {"known": person.email, "unknown": f"x-{uuid4().hex[:12]}@example.com"}
        turns = random.sample(list(emails), 2)
        told = {turn: ask(emails[turn]) for turn in turns}
        return told["known"], told["unknown"]

    pair()
    pairs = [pair() for _ in range(TRIES)]
    known, unknown = (statistics.median(side) for side in zip(*pairs, strict=True))
    apart = statistics.median(one - other for one, other in pairs)
    is_work_done = not {status for status, _ in answers} & WITHOUT_WORK
    return Result(
        name=f"timing{operation.path.replace('/', '.')}",
        what=f"a refusal for a known address against one for an unknown address, {TRIES} pairs, p50 "
        f"(of the differences in a pair: {apart:+.2f} ms)",
        value=round(known, 2),
        unit="ms",
        baseline=round(unknown, 2),
        ratio=round(unknown / known, 3),
        goal=f"pairs under {LIMIT_MS:g} ms apart, and one answer for both: {', '.join(f'{s} {c}' for s, c in sorted(answers))}",
        holds=abs(apart) < LIMIT_MS and len(answers) == 1 and is_work_done,
    )


def _forget_tries() -> None:
    from painelml.core.cache import cache

    for key in cache().scan_iter("throttle:*"):
        cache().delete(key)
