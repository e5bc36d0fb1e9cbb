"""Log lines: JSON with the mandatory fields, and nothing that a person or a secret could be known by."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest

from painelml.core.errors import NotFound
from painelml.core.observability import MANDATORY, begin_log, logger
from tests.http import call
from tests.people import stranger, unique_email
from tests.unit.test_entry_point import handler


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the logger writes during the test."""
    text = io.StringIO()
    monkeypatch.setattr(logging.getLogger("painelml").handlers[0], "stream", text)
    return text


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


@pytest.mark.req("A112", "A115")
def test_every_line_has_the_mandatory_fields_of_its_caller(written: io.StringIO) -> None:
    caller = stranger()
    begin_log("request-1", caller)
    logger.info("something happened", extra={"sent": 3})
    (line,) = lines(written)
    assert set(MANDATORY) <= line.keys()
    assert (line["tenantId"], line["userId"], line["requestId"]) == (str(caller.tenant_id), str(caller.user_id), "request-1")


def test_a_warm_function_forgets_the_last_caller(written: io.StringIO) -> None:
    begin_log("request-1", stranger())
    begin_log("request-2")
    logger.info("next")
    (line,) = lines(written)
    assert (line["tenantId"], line["userId"], line["requestId"]) == ("-", "-", "request-2")


def test_an_exceptions_text_is_logged_only_when_it_is_ours(written: io.StringIO) -> None:
    begin_log("request-3")
    email = unique_email("ana")
    try:
        try:
            raise ValueError(f"{email} is already taken")
        except ValueError as error:
            raise NotFound(order_id="1") from error
    except NotFound:
        logger.exception("failed")
    (line,) = lines(written)
    assert email not in json.dumps(line)
    assert "builtins.ValueError" in line["exception"]
    assert "not_found {'order_id': '1'}" in line["exception"]


def test_a_request_is_logged_without_its_body_or_token(written: io.StringIO) -> None:
    secret = "segredo-que-nao-pode-aparecer"
    call(handler, "POST", "/nothing", body={"password": secret}, headers={"Cookie": secret, "X-Any": secret})
    assert lines(written)
    assert secret not in written.getvalue()
