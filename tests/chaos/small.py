"""The short form's site: real servers and worker processes, and a small door in place of API Gateway. Nothing is deployed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import boto3
import psutil
from botocore.config import Config

from lambdas.operations.handler import handler as operations
from ops import emulator, marketplace, postgres, valkey
from ops.home import REPOSITORY, Home
from painelml.core import db
from painelml.core.migrate import migrate
from painelml.core.secrets import set_parameter
from tests import platform
from tests.chaos.door import open_door
from tests.chaos.site import TOPICS, Account, Site, without_variables
from tests.http import Context
from tests.people import log_in, unique_email
from tests.sellers import API_URL, REDIRECTS, WEB_URL, connect
from tests.simulator import Simulator

WORKERS = 2


class Small(Site):
    """`Small.running(folder)` is one that stops with all its processes."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.home.create()
        self.sim = Simulator(marketplace.url(self.home))
        self._workers: list[subprocess.Popen[bytes]] = []
        self._secrets: dict[str, str] = {}
        self._jwks = ""

    @classmethod
    @contextmanager
    def running(cls, folder: Path) -> Iterator[Small]:
        site = cls(folder)
        try:
            site._start()
            with open_door(site._put, site.aws.secret("/painelml/local/webhooks")["webhooks"]["mercado_livre_token"]) as url:
                site.sim.ask("PUT", "/_sim/app", {"client_id": platform.APPLICATION["client_id"], "notifications_url": url})
                yield site
        finally:
            site._stop()

    def open(self, *, tenants: int, accounts: int) -> list[Account]:
        share = accounts // tenants
        return [account for _ in range(tenants) for account in self._open_tenant(share)]

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        db.disconnect()  # the server may be another one by now
        return import_module(f"lambdas.{function}.handler").handler(dict(event), Context())

    def worker_pids(self) -> list[int]:
        return [worker.pid for worker in self._workers if worker.poll() is None and psutil.pid_exists(worker.pid)]

    def revive_workers(self) -> None:
        self._workers = [worker for worker in self._workers if worker.poll() is None]
        while len(self._workers) < WORKERS:
            with self.home.log("worker").open("ab") as log:
                command = [sys.executable, "-m", "tests.chaos.worker"]
                environment = {**os.environ, **self._variables(), "POWERTOOLS_LOG_LEVEL": "WARNING"}
                self._workers.append(subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=log, stderr=log))

    def restart_emulator(self) -> None:
        emulator.up(self.home, auth=False)
        platform.make_queues()
        for name, text in self._secrets.items():
            boto3.client("secretsmanager").create_secret(Name=name, SecretString=text)
        self._set_parameters()
        self.shorten_visibility()

    # Starting and stopping

    def _start(self) -> None:
        with without_variables(), ThreadPoolExecutor(4) as pool:
            starts = [pool.submit(part.up, self.home) for part in (postgres, valkey, marketplace)]
            starts.append(pool.submit(emulator.up, self.home, auth=False))
            for start in starts:
                start.result()
        platform.tell(**platform.ENVIRONMENT, **self._variables(), AWS_ENDPOINT_URL=emulator.url(self.home))
        migrate(os.environ["PAINEL_OWNER_DATABASE_URL"], app_password=self.home.password("app"))
        platform.furnish()
        self._secrets = {
            name: boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
            for variable, name in os.environ.items()
            if variable.startswith("PAINEL_SECRET_")
        }
        self._jwks = str(self.aws.parameter("/painelml/local/jwks"))
        self._set_parameters()
        self.shorten_visibility()
        named = {"redirect_uris": REDIRECTS, "topics": list(TOPICS), "pkce": True}
        self.sim.ask("PUT", "/_sim/app", {**platform.APPLICATION, **named})
        platform.tell(PAINEL_MERCADO_LIVRE_API_URL=self.sim.url, PAINEL_MERCADO_LIVRE_AUTH_URL=self.sim.url)
        self.revive_workers()

    def _stop(self) -> None:
        for worker in self._workers:
            worker.kill()
            worker.wait(10)
        db.disconnect()
        with without_variables():
            for part in (emulator, marketplace, valkey, postgres):
                part.down(self.home)

    def _variables(self) -> dict[str, str]:
        with without_variables():
            urls = postgres.urls(self.home)
            cache = valkey.url(self.home)
        return {"PAINEL_DATABASE_URL": urls.app, "PAINEL_OWNER_DATABASE_URL": urls.owner, "PAINEL_CACHE_URL": cache}

    def _set_parameters(self) -> None:
        for name, value in (("api_url", API_URL), ("web_url", WEB_URL), ("jwks", self._jwks)):
            set_parameter(name, value)

    def _put(self, body: str, attributes: Mapping[str, str]) -> None:
        typed = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        _sqs().send_message(QueueUrl=os.environ["PAINEL_QUEUE_WEBHOOKS"], MessageBody=body, MessageAttributes=typed)

    def _open_tenant(self, accounts: int) -> list[Account]:
        email = unique_email("caos")
        args = {"name": "Loja do Caos", "email": email, "plan": "painel.pro", "max_accounts": accounts}
        made = operations({"verb": "tenant-create", "args": args}, None)
        person = log_in(email, made["password"])
        opened = []
        for _ in range(accounts):
            seller_id = self.sim.seller(items=3)
            connect(person, self.sim, seller_id)
            opened.append(Account(UUID(made["tenant"]["id"]), seller_id))
        return opened


@cache
def _sqs() -> Any:
    """For the door's many threads. One attempt: Mercado Livre repeats what is not answered 200."""
    bounded = Config(max_pool_connections=64, connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})
    return boto3.client("sqs", config=bounded)
