"""Fixtures for tests that meet real servers. Unit and infra tests ask for none of them, so they run without."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from ops.home import Home
from tests import platform as started
from tests.gate import forget_gate
from tests.proxy import Proxy, proxied
from tests.queues import empty_queues
from tests.servers import Database
from tests.shops import Shop, open_shop
from tests.simulator import Simulator
from tests.system import ROOT, System, running_system
from tests.wire import Overheard, is_guarded, overheard, system_overheard

os.environ.update(started.ENVIRONMENT)


@pytest.fixture(scope="session")
def _wire() -> Overheard:
    """All that the application sends in this run, to whichever server."""
    return Overheard()


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory, _wire: Overheard) -> Generator[Database]:
    """One migrated PostgreSQL for the session; tests keep apart by making tenants of their own.

    With PAINEL_WIRE_GUARD=1 all that the application sends is heard, here and in the whole system below, and a statement that
    pins an RDS Proxy connection fails the run.
    """
    made = started.database(tmp_path_factory.mktemp("postgres"))
    if not is_guarded():
        yield made
        return
    with overheard(made, _wire):
        yield made
    _wire.file(Home.default())
    _wire.judge()


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


@pytest.fixture
def proxy(sim: Simulator) -> Generator[Proxy]:
    """A proxy before the simulator, with our client pointed at it."""
    with proxied(sim.url) as between:
        yield between


@pytest.fixture(scope="session")
def system(_wire: Overheard) -> Generator[System]:
    """The whole system, deployed by the real command into a folder of its own."""
    with running_system(ROOT / ".painel" / "tests") as running:
        if not is_guarded():
            yield running
            return
        with system_overheard(running.home, _wire):
            yield running
    _wire.file(Home.default())
    _wire.judge()


@pytest.fixture(scope="session")
def shop(system: System) -> Shop:
    return open_shop(system)


@pytest.fixture(scope="session")
def other_shop(system: System) -> Shop:
    return open_shop(system)
