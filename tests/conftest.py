"""Fixtures for tests that meet real servers. Unit and infra tests ask for none of them, so they run without."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Generator
from pathlib import Path

import boto3
import pytest

from lambdas.operations import handler as operations
from painelml.core.config import config
from painelml.core.secrets import set_parameter
from tests import servers
from tests.queues import empty_queues
from tests.sellers import API_URL, REDIRECTS, WEB_URL
from tests.shops import Shop, open_shop
from tests.simulator import Simulator, simulator
from tests.system import ROOT, System, running_system

ENVIRONMENT = {
    "PAINEL_ENV": "local",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_TRACE_DISABLED": "1",
}
QUEUES = ("webhooks", "payments", "jobs", "outgoing-text.fifo")
os.environ.update(ENVIRONMENT)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> servers.Database:
    """One migrated PostgreSQL for the session; tests keep apart by making tenants of their own."""
    folder = tmp_path_factory.mktemp("postgres")
    made = servers.make_database(folder)
    os.environ["PAINEL_DATABASE_URL"] = made.app_url
    os.environ["PAINEL_OWNER_DATABASE_URL"] = made.owner_url
    config.cache_clear()
    return made


@pytest.fixture(scope="session")
def valkey_url() -> Generator[str]:
    with servers.valkey() as url:
        os.environ["PAINEL_CACHE_URL"] = url
        config.cache_clear()
        yield url


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The emulator with this project's queues, secrets and parameters; `PAINEL_*` point at them."""
    with servers.emulator(Path(tmp_path_factory.mktemp("aws"))) as endpoint:
        os.environ["AWS_ENDPOINT_URL"] = endpoint
        _make_queues()
        _make_secrets()
        operations.handler({"verb": "init-keys"}, None)
        yield endpoint


@pytest.fixture(scope="session")
def platform(database: servers.Database, valkey_url: str, aws: str) -> servers.Database:
    """Everything that a handler needs."""
    return database


@pytest.fixture(scope="session")
def _simulator(platform: servers.Database, tmp_path_factory: pytest.TempPathFactory) -> Generator[Simulator]:
    ours = {"client_id": "4929174000000000", "client_secret": "simulated-secret"}
    set_parameter("api_url", API_URL)
    set_parameter("web_url", WEB_URL)
    with simulator(tmp_path_factory.mktemp("simulator"), redirect_uris=REDIRECTS, **ours) as started:
        os.environ["PAINEL_MERCADO_LIVRE_API_URL"] = os.environ["PAINEL_MERCADO_LIVRE_AUTH_URL"] = started.url
        config.cache_clear()
        yield started


@pytest.fixture
def sim(_simulator: Simulator) -> Generator[Simulator]:
    """Mercado Livre, its switches off, with our handlers pointed at it. Tests keep apart by making sellers of their own."""
    empty_queues()
    yield _simulator
    _simulator.calm()


def _make_queues() -> None:
    sqs = boto3.client("sqs")
    for name in QUEUES:
        attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        url = sqs.create_queue(QueueName=f"painelml-local-{name}", Attributes=attributes)["QueueUrl"]
        os.environ[f"PAINEL_QUEUE_{name.removesuffix('.fifo').replace('-', '_').upper()}"] = url


def _make_secrets() -> None:
    secrets = {
        "encryption": {"current": "k1", "keys": {"k1": base64.b64encode(os.urandom(32)).decode()}},
        "webhooks": {"mercado_livre_token": "tok-" + os.urandom(16).hex(), "platform_key": os.urandom(16).hex()},
        "mercado_livre": {"client_id": "4929174000000000", "client_secret": "simulated-secret"},
        "stripe": {"webhook_secrets": ["whsec_painelml_test"], "livemode": False},
    }
    client = boto3.client("secretsmanager")
    for purpose in ("jwt", *secrets):
        name = f"/painelml/local/{purpose}"
        client.create_secret(Name=name, SecretString=json.dumps({purpose: secrets[purpose]} if purpose in secrets else {}))
        os.environ[f"PAINEL_SECRET_{purpose.upper()}"] = name
    os.environ["PAINEL_PARAMETERS"] = "/painelml/local"
    config.cache_clear()



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
