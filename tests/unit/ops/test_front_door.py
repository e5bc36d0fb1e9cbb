"""`http://localhost:PORT` is the web's; everything else is AWS's API."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ops.emulator_server import FrontDoor, Scope

DISTRIBUTION = "d123.cloudfront.net"


def _host_behind(file: Path, *, path: str = "/", **headers: str) -> str:
    """The Host header that the emulator sees for a request."""
    seen: list[bytes] = []

    async def behind(scope: Scope, _receive: Any, _send: Any) -> None:
        seen.extend(value for key, value in scope["headers"] if key == b"host")

    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope: Scope = {"type": "http", "path": path, "headers": given}
    asyncio.run(FrontDoor(behind, file)(scope, None, None))
    [host] = seen
    return host.decode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "distribution"
    written.write_text(f"{DISTRIBUTION}\n")
    return written


def test_the_name_leads_to_the_distribution(file: Path) -> None:
    assert _host_behind(file, host="localhost:4566") == DISTRIBUTION
    assert _host_behind(file, host="LOCALHOST") == DISTRIBUTION
    assert _host_behind(file, host="localhost:4566", authorization="Bearer a") == DISTRIBUTION


def test_the_number_stays_aws(file: Path) -> None:
    assert _host_behind(file, host="127.0.0.1:4566") == "127.0.0.1:4566"


def test_signed_calls_and_the_emulators_own_paths_stay_aws(file: Path) -> None:
    signed = _host_behind(file, host="localhost:1", authorization="AWS4-HMAC-SHA256 Credential=test")
    assert signed == "localhost:1"
    assert _host_behind(file, path="/_aws/execute-api/x", host="localhost:1") == "localhost:1"
    assert _host_behind(file, path="/_ministack/health", host="localhost:1") == "localhost:1"


def test_before_the_first_deployment_nothing_is_changed(tmp_path: Path) -> None:
    assert _host_behind(tmp_path / "missing", host="localhost:1") == "localhost:1"


def test_a_new_distribution_is_noticed(file: Path) -> None:
    seen: list[bytes] = []

    async def behind(scope: Scope, _receive: Any, _send: Any) -> None:
        seen.append(dict(scope["headers"])[b"host"])

    async def ask_twice() -> None:
        door = FrontDoor(behind, file)
        scope: Scope = {"type": "http", "path": "/", "headers": [(b"host", b"localhost")]}
        await door(scope, None, None)
        replacement = file.with_name("fresh")
        replacement.write_text("d456.cloudfront.net")
        replacement.replace(file)
        await door(scope, None, None)

    asyncio.run(ask_twice())
    assert seen == [DISTRIBUTION.encode(), b"d456.cloudfront.net"]
