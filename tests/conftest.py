"""Fixtures for tests that meet real servers. Unit and infra tests ask for none of them, so they run without."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from ops.home import Home
from tests import platform as started
from tests.gate import forget_gate
from tests.queues import empty_queues
from tests.servers import Database
from tests.shops import Shop, open_shop
from tests.simulator import Simulator
from tests.system import ROOT, System, running_system
from tests.wire import file_what_was_heard, overheard

os.environ.update(started.ENVIRONMENT)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Generator[Database]:
    """One migrated PostgreSQL for the session; tests keep apart by making tenants of their own.

    With PAINEL_WIRE_GUARD=1 all that `app` sends is heard, and a statement that pins an RDS Proxy connection fails the run.
    """
    made = started.database(tmp_path_factory.mktemp("postgres"))
    if os.environ.get("PAINEL_WIRE_GUARD") != "1":
        yield made
        return
    with overheard(made) as wire:
        yield made
    file_what_was_heard(wire, Home.default())
    assert wire.statements, "the wire guard heard nothing"
    assert wire.pinning == [], f"{len(wire.pinning)} statements pin an RDS Proxy connection"


@pytest.fixture(scope="session")
def valkey_url() -> Generator[str]:
    with started.cache() as url:
        yield url


@pytest.fixture(scope="session")
def aws(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The emulator with this project's queues, secrets and parameters; `PAINEL_*` point at them.

    Keys are made under a lock of the database's.
    """
    with started.aws(tmp_path_factory.mktemp("aws")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def platform(database: Database, valkey_url: str, aws: str) -> Database:
    """Everything that a handler needs."""
    return database


@pytest.fixture(scope="session")
def _simulator(platform: Database, tmp_path_factory: pytest.TempPathFactory) -> Generator[Simulator]:
    with started.mercado_livre(tmp_path_factory.mktemp("simulator")) as running:
        yield running


@pytest.fixture
def sim(_simulator: Simulator) -> Generator[Simulator]:
    """Mercado Livre, its switches off, with our handlers pointed at it. Tests keep apart by making sellers of their own."""
    empty_queues()
    forget_gate()
    yield _simulator
    _simulator.calm()


@pytest.fixture(scope="session")
def system() -> Generator[System]:
    """The whole system, deployed by the real command into a folder of its own."""
    with running_system(ROOT / ".painel" / "tests") as running:
        yield running


@pytest.fixture(scope="session")
def shop(system: System) -> Shop:
    return open_shop(system)


@pytest.fixture(scope="session")
def other_shop(system: System) -> Shop:
    return open_shop(system)
