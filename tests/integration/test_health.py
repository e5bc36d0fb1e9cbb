"""/health needs nothing; /ready names the part that does not answer."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from lambdas.health.handler import handler
from painelml.core import cache, connections
from painelml.core.config import config
from tests.http import call
from tests.servers import free_port


@pytest.mark.req("A109")
def test_health_answers_without_any_part() -> None:
    answer = call(handler, "GET", "/health")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


@pytest.mark.req("A109")
@pytest.mark.usefixtures("platform")
def test_ready_when_all_parts_answer() -> None:
    answer = call(handler, "GET", "/ready")
    assert (answer.status, answer.json) == (200, {"status": "ok", "database": "ok", "cache": "ok", "queue": "ok"})


@pytest.mark.req("A109")
@pytest.mark.usefixtures("platform")
@pytest.mark.parametrize(
    ("part", "variable", "value"),
    [
        ("database", "PAINEL_DATABASE_URL", "postgresql://app@127.0.0.1:{port}/painelml"),
        ("cache", "PAINEL_CACHE_URL", "redis+cluster://app:x@127.0.0.1:{port}"),
        ("queue", "PAINEL_QUEUE_JOBS", "http://127.0.0.1:{port}/000000000000/painelml-local-jobs-that-is-not-there"),
    ],
)
def test_ready_names_the_part_that_is_away(monkeypatch: pytest.MonkeyPatch, part: str, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value.format(port=free_port()))
    with patch("painelml.core.connections._kept", type(connections._kept)()):
        config.cache_clear()
        cache.cache.cache_clear()
        try:
            answer = call(handler, "GET", "/ready")
        finally:
            monkeypatch.undo()
            config.cache_clear()
            cache.cache.cache_clear()
    assert answer.status == 503
    assert {name for name, state in answer.json.items() if state == "unreachable"} == {"status", part}
