"""`up` and `down`: what is started is stopped, nothing else; what is kept comes back; what is wrong is named."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from redis import Redis
from redis.exceptions import NoPermissionError

from ops import emulator, local, marketplace, postgres, processes, valkey
from ops.aws import LocalAws
from ops.console import Report
from ops.errors import OperationError
from ops.home import Home
from ops.ports import port_for, require_free
from tests.integration.local.conftest import Running


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def _family(home: Home) -> list[psutil.Process]:
    found = [processes.running(home, part) for part in (postgres.PART, valkey.PART, marketplace.PART, emulator.PART)]
    return [member for process in found if process for member in (process, *process.children(recursive=True))]


@pytest.mark.req("A025")
def test_the_parts_come_up_and_leave_no_process_behind(home: Home) -> None:
    assert all([postgres.up(home), valkey.up(home), marketplace.up(home), emulator.up(home, auth=False)])
    assert not any([postgres.up(home), valkey.up(home), marketplace.up(home), emulator.up(home, auth=False)])
    family = _family(home)
    assert len(family) >= 4
    assert set(local.down(home)) == {postgres.PART, valkey.PART, marketplace.PART, emulator.PART}
    assert not [member for member in family if member.is_running()]
    assert local.down(home) == []


@pytest.mark.req("A025")
def test_a_functions_process_does_not_outlive_the_emulator(home: Home) -> None:
    worker = home.folder / "tmp" / "ministack-lambda-x" / "worker.py"
    worker.parent.mkdir(parents=True)
    worker.write_text("import sys; sys.stdin.read()")
    with subprocess.Popen([sys.executable, str(worker)], stdin=subprocess.PIPE) as started:
        orphan = psutil.Process(started.pid)
        assert not emulator.down(home)
        assert not orphan.is_running()
    assert not worker.exists()


@pytest.mark.req("A025")
def test_everything_listens_on_the_loopback_interface_alone(running: Running) -> None:
    listening = [
        connection.laddr.ip
        for process in _family(running.home)
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 4
    assert set(listening) <= {"127.0.0.1", "::1"}


@pytest.mark.req("A025")
def test_a_program_that_took_over_a_pid_is_left_alone(home: Home) -> None:
    ours = psutil.Process()
    home.remember("processes", valkey={"pid": ours.pid, "started": ours.create_time() - 60})
    assert processes.running(home, valkey.PART) is None
    assert not valkey.down(home)
    assert ours.is_running()


@pytest.mark.req("A025")
def test_a_busy_port_is_named_with_its_holder_and_the_way_out(home: Home) -> None:
    with socket.create_server(("127.0.0.1", port_for(home, valkey.PART))), pytest.raises(OperationError) as caught:
        require_free(home, valkey.PART)
    assert str(port_for(home, valkey.PART)) in caught.value.what
    assert f"pid {psutil.Process().pid}" in caught.value.why
    assert "--new-ports" in caught.value.do


@pytest.mark.req("A025", "A015")
def test_a_database_that_was_killed_comes_back_with_its_data(home: Home) -> None:
    postgres.up(home)
    try:
        made = postgres.ask(postgres.urls(home).owner, "create table kept (x int); insert into kept values (7);")
        assert made == ""
        victim = processes.running(home, postgres.PART)
        assert victim is not None
        victim.kill()
        victim.wait(10)
        assert postgres.up(home)
        assert postgres.ask(postgres.urls(home).owner, "select x from kept") == "7"
    finally:
        postgres.down(home)


@pytest.mark.req("A025")
def test_an_emulator_that_was_killed_keeps_no_bucket_of_stacks_it_has_forgotten(home: Home) -> None:
    """The next deployment makes the bucket again, and would find it there."""
    emulator.up(home, auth=False)
    try:
        LocalAws(home).objects.create_bucket(Bucket="made-by-a-stack")
        LocalAws(home).objects.put_object(Bucket="made-by-a-stack", Key="asset", Body=b"x")
        victim = processes.running(home, emulator.PART)
        assert victim is not None
        victim.kill()
        victim.wait(10)
        assert emulator.up(home, auth=False)
        assert LocalAws(home).objects.list_buckets()["Buckets"] == []
        LocalAws(home).objects.create_bucket(Bucket="kept")
        emulator.down(home)
        emulator.up(home, auth=False)
        assert [bucket["Name"] for bucket in LocalAws(home).objects.list_buckets()["Buckets"]] == ["kept"]
    finally:
        emulator.down(home)


@pytest.mark.req("A012")
def test_the_master_is_like_rdss_and_the_superuser_signs_in_nowhere(home: Home) -> None:
    postgres.up(home)
    try:
        owner = postgres.urls(home).owner
        rights = "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user"
        assert postgres.ask(owner, rights) == "f|f|t|t"
        with pytest.raises(OperationError, match=r"pg_hba\.conf rejects"):
            postgres.ask(owner.replace(f"//{postgres.MASTER}:", f"//{postgres.SUPERUSER}:"), "select 1")
    finally:
        postgres.down(home)


@pytest.mark.req("A025")
def test_a_users_own_server_is_used_and_left_running(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = Home(home.folder / "theirs")
    theirs.create()
    postgres.up(theirs)
    try:
        monkeypatch.setenv("PAINEL_DATABASE_URL", postgres.urls(theirs).owner.replace("/painelml", "/another"))
        assert not postgres.up(home)
        assert postgres.urls(home).app.endswith("/another")
        assert postgres.ask(postgres.urls(home).owner, "select current_database()") == "another"
        assert not postgres.down(home)
        assert postgres.is_healthy(home)
    finally:
        postgres.down(theirs)


@pytest.mark.req("A025")
def test_a_role_that_is_not_like_rdss_master_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres.up(home)
    try:
        owner = postgres.urls(home).owner
        postgres.ask(owner, "create role weak login password 'weak-on-a-laptop'")
        weak = owner.replace(f"master:{home.password('master')}", "weak:weak-on-a-laptop")
        monkeypatch.setenv("PAINEL_DATABASE_URL", weak)
        with pytest.raises(OperationError, match="not like RDS's master"):
            postgres.up(home)
    finally:
        postgres.down(home)


@pytest.mark.req("A018", "A091")
def test_the_cache_is_a_cluster_and_its_user_is_no_administrator(home: Home) -> None:
    valkey.up(home)
    try:
        assert valkey.why_unhealthy(valkey.url(home)) is None
        with Redis(
            port=port_for(home, valkey.PART), username=valkey.USER, password=home.password("cache"), protocol=2
        ) as client:
            client.set("k", "v")
            with pytest.raises(NoPermissionError):
                client.flushall()
    finally:
        valkey.down(home)


def test_a_users_standalone_cache_is_refused_with_the_reason(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAINEL_CACHE_URL", "redis://127.0.0.1:1")
    with pytest.raises(OperationError) as caught:
        valkey.up(home)
    assert "redis+cluster://" in caught.value.why


@pytest.mark.req("A025")
def test_a_second_up_deploys_nothing(running: Running) -> None:
    deployed = running.home.log("deploy").stat().st_size
    local.up(running.home, Report(as_json=True), running.options)
    assert running.home.log("deploy").stat().st_size == deployed
