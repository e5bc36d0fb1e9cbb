"""What handlers need, started for tests and benchmarks, with the `PAINEL_*` variables pointed at it."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import boto3

from lambdas.operations import handler as operations
from painelml.core.config import config
from painelml.core.secrets import set_parameter
from tests import servers
from tests.sellers import API_URL, REDIRECTS, WEB_URL
from tests.simulator import Simulator, simulator

ENVIRONMENT = {
    "PAINEL_ENV": "local",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_TRACE_DISABLED": "1",
    "PAINEL_TENANT_IN_FLIGHT": "4",
}
DATA_BUCKET = "painelml-local-data"
QUEUES = ("webhooks", "payments", "jobs", "outgoing-text.fifo")
APPLICATION = {"client_id": "4929174000000000", "client_secret": "simulated-secret"}


def tell(**variables: str) -> None:
    """Sets environment variables, and lets the configuration be read anew."""
    os.environ.update(variables)
    config.cache_clear()


def database(folder: Path) -> servers.Database:
    made = servers.make_database(folder)
    tell(PAINEL_DATABASE_URL=made.app_url, PAINEL_OWNER_DATABASE_URL=made.owner_url)
    return made


@contextmanager
def cache() -> Generator[str]:
    with servers.valkey() as url:
        tell(PAINEL_CACHE_URL=url)
        yield url


@contextmanager
def aws(folder: Path) -> Generator[str]:
    """The emulator with this project's queues, secrets and parameters."""
    with servers.emulator(folder) as endpoint:
        tell(AWS_ENDPOINT_URL=endpoint)
        furnish()
        yield endpoint


def furnish() -> None:
    """What a deployment would bring to the emulator: queues, a bucket, secrets, a sender, keys."""
    make_queues()
    _make_bucket()
    _make_secrets()
    _verify_sender()
    operations.handler({"verb": "init-keys"}, None)


@contextmanager
def mercado_livre(folder: Path) -> Generator[Simulator]:
    """The simulator, which knows our application."""
    folder.mkdir(exist_ok=True)
    set_parameter("api_url", API_URL)
    set_parameter("web_url", WEB_URL)
    with simulator(folder, redirect_uris=REDIRECTS, **APPLICATION) as started:
        tell(PAINEL_MERCADO_LIVRE_API_URL=started.url, PAINEL_MERCADO_LIVRE_AUTH_URL=started.url)
        yield started


@contextmanager
def everything(folder: Path) -> Generator[tuple[servers.Database, Simulator]]:
    """All of it at once, for benchmarks."""
    tell(**ENVIRONMENT)
    made = database(folder / "postgres")
    with ExitStack() as started:
        started.enter_context(cache())
        started.enter_context(aws(folder))
        yield made, started.enter_context(mercado_livre(folder / "simulator"))


def make_queues() -> None:
    sqs = boto3.client("sqs")
    for name in QUEUES:
        attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        url = sqs.create_queue(QueueName=f"painelml-local-{name}", Attributes=attributes)["QueueUrl"]
        tell(**{f"PAINEL_QUEUE_{name.removesuffix('.fifo').replace('-', '_').upper()}": url})


def _make_bucket() -> None:
    """As the storage stack makes it: with versions, which an erasure must find."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=DATA_BUCKET)
    s3.put_bucket_versioning(Bucket=DATA_BUCKET, VersioningConfiguration={"Status": "Enabled"})
    tell(PAINEL_DATA_BUCKET=DATA_BUCKET)


def _verify_sender() -> None:
    tell(PAINEL_MAIL_FROM="no-reply@painelml.example", PAINEL_PARAMETERS="/painelml/local")
    boto3.client("sesv2").create_email_identity(EmailIdentity=config().require("mail_from"))
    set_parameter("web_url", WEB_URL)


def _make_secrets() -> None:
    secrets = {
        "encryption": {"current": "k1", "keys": {"k1": base64.b64encode(os.urandom(32)).decode()}},
        "webhooks": {"mercado_livre_token": "tok-" + os.urandom(16).hex(), "platform_key": os.urandom(16).hex()},
        "mercado_livre": {**APPLICATION, "rates": {"*": 60_000}},
        "stripe": {"webhook_secrets": ["whsec_painelml_test"], "livemode": False},
    }
    client = boto3.client("secretsmanager")
    for purpose in ("jwt", *secrets):
        name = f"/painelml/local/{purpose}"
        client.create_secret(Name=name, SecretString=json.dumps({purpose: secrets[purpose]} if purpose in secrets else {}))
        tell(**{f"PAINEL_SECRET_{purpose.upper()}": name})
    tell(PAINEL_PARAMETERS="/painelml/local")
