"""What the local environment remembers, and who may read it."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ops.endpoints import Endpoints, load, save
from ops.errors import OperationError
from ops.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def test_a_password_is_made_once(home: Home) -> None:
    first = home.password("app")
    assert len(first) == 32
    assert Home(home.folder).password("app") == first
    assert home.password("master") != first


def test_parts_that_start_at_the_same_time_forget_nothing(home: Home) -> None:
    names = [f"part-{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        made = dict(zip(names, pool.map(home.password, names), strict=True))
    assert home.section("passwords") == made


def test_only_the_owner_can_read_what_holds_passwords(home: Home) -> None:
    home.password("app")
    assert stat.S_IMODE((home.folder / "state.json").stat().st_mode) == 0o600


def test_two_commands_do_not_work_on_one_environment(home: Home) -> None:
    with home.locked(), pytest.raises(OperationError, match="Another"), Home(home.folder).locked():
        raise AssertionError("both hold the lock")


def test_damaged_memory_is_named_with_the_way_out(home: Home) -> None:
    (home.folder / "state.json").write_text("{")
    with pytest.raises(OperationError) as caught:
        home.password("app")
    assert "delete" in caught.value.do


def test_endpoints_are_read_as_they_were_written(home: Home) -> None:
    with pytest.raises(OperationError, match="make up"):
        load(home)
    written = Endpoints(
        api_url="http://localhost:1/api/v1",
        web_url="http://localhost:1",
        docs_url="http://localhost:1/docs/",
        simulator_url="http://127.0.0.1:2",
        database_url="postgresql://app@127.0.0.1:3/painelml",
        cache_url="redis+cluster://painel@127.0.0.1:4",
        aws_endpoint_url="http://127.0.0.1:1",
        webhook_urls={"stripe": "http://127.0.0.1:1/v1/webhooks/stripe"},
    )
    save(home, written)
    assert load(home) == written
    assert stat.S_IMODE(home.endpoints.stat().st_mode) == 0o600
