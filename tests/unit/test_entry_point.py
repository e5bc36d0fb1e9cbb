"""The entry point: whatever happens inside, the caller gets an answer that says nothing of our insides."""

from __future__ import annotations

import json
from unittest.mock import patch

import pytest
from aws_lambda_powertools.event_handler import Response

from painelml.core import http
from tests.http import Context, rest_event

app = http.http_app()
handler = http.entry_point(app)


@app.get("/nothing")
def nothing() -> Response[None]:
    return Response(204)


@app.get("/broken")
def broken() -> Response[None]:
    raise RuntimeError("password=hunter2")


def test_an_empty_answer_has_an_empty_body_and_not_a_null() -> None:
    answer = handler(rest_event("GET", "/nothing"), Context())
    assert (answer["statusCode"], answer["body"]) == (204, "")


@pytest.mark.parametrize("inside", ["a route", "the entry point"])
def test_nothing_of_an_unexpected_error_reaches_the_caller(inside: str) -> None:
    if inside == "a route":
        answer = handler(rest_event("GET", "/broken"), Context())
    else:
        with patch.object(http, "_check_door", side_effect=RuntimeError("password=hunter2")):
            answer = handler(rest_event("GET", "/nothing"), Context())
    assert answer["statusCode"] == 500
    assert json.loads(answer["body"])["code"] == "internal_error"
    assert "hunter2" not in json.dumps(answer)
