"""What several of these tests stand on."""

from __future__ import annotations

import pytest

from tests.operators import platform_person
from tests.people import Person
from tests.servers import Database


@pytest.fixture(scope="module")
def master(platform: Database) -> Person:
    """The platform's master, logged in."""
    return platform_person("MASTER")
