"""Whether the time of a refusal tells known e-mail addresses from unknown ones (D2): medians of both, taken in turns.

Routes are found in the OpenAPI document: each public POST that takes an e-mail address and does not register it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from ops.isolation.document import Document, Operation
from ops.openapi import DOCUMENT
from tests.bench.result import Result, interleaved_ms

TRIES, LIMIT_MS = 500, 5.0


def operations(document: Document) -> list[Operation]:
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
    from tests.http import call, gateway  # the handlers read their configuration when they are imported
    from tests.people import sign_up
    from tests.platform import everything

    document = Document.read(DOCUMENT)
    with TemporaryDirectory() as folder, everything(Path(folder)):
        for operation in operations(document):
            person = sign_up()
            body: dict[str, Any] = document.sample(operation.body or {})
            statuses: set[tuple[int, str]] = set()

            def ask(email: str | None, body: dict[str, Any] = body, path: str = operation.path, seen: Any = statuses) -> None:
                answer = call(
                    gateway,
                    "POST",
                    path,
                    body={**body, "email": email or f"x-{uuid4().hex[:12]}@example.com", "password": "senha que está errada"},
                )
                seen.add((answer.status, str(json.loads(answer.text).get("code")) if answer.text else ""))

            known, unknown = interleaved_ms(partial(ask, person.email), partial(ask, None), times=TRIES)
            yield Result(
                name=f"timing{operation.path.replace('/', '.')}",
                what=f"a refusal for a known address against one for an unknown address, {TRIES} tries of each, p50",
                value=round(known, 2),
                unit="ms",
                baseline=round(unknown, 2),
                ratio=round(unknown / known, 3),
                goal=f"medians under {LIMIT_MS:g} ms apart, and one answer for both ({len(statuses)} seen)",
                holds=abs(known - unknown) < LIMIT_MS and len(statuses) == 1,
            )
