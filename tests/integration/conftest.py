"""What several of these tests stand on."""

from __future__ import annotations

import pytest

from painelml.core import lanes, queues
from painelml.core.clock import now
from tests.operators import platform_person
from tests.people import Person
from tests.servers import Database


@pytest.fixture(scope="module")
def master(platform: Database) -> Person:
    """The platform's master, logged in."""
    return platform_person("MASTER")


@pytest.fixture
def undelayed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Delayed copies come at once, and what is put off is due at once, so that no test waits for them."""
    real = queues.send
    monkeypatch.setattr(queues, "send", lambda *args, **named: real(*args, **{**named, "delay_seconds": 0}))
    monkeypatch.setattr(lanes, "later", lambda _: now())
