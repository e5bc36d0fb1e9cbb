"""The short form of `make chaos`: a storm over fifty accounts while PostgreSQL, Valkey, workers and the queues are killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.system import ROOT

AT_MOST_SECONDS = 900


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """In a process of its own: it points handlers at servers that die. It stops by itself, and leaves nothing behind."""
    folder = tmp_path_factory.mktemp("chaos")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PAINEL_", "AWS_"))}
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos", "--short", "--output", str(folder / "chaos.json")],
            env={**environment, "TMPDIR": str(folder), "POWERTOOLS_LOG_LEVEL": "CRITICAL"},
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
        try:
            running.wait(AT_MOST_SECONDS)
        finally:
            running.terminate()
            running.wait(60)
    assert (folder / "chaos.json").exists(), (folder / "log").read_text()[-4000:]
    left = [process.pid for process in psutil.process_iter() if _works_in(process, folder)]
    assert left == [], "processes were left behind"
    told: dict[str, Any] = json.loads((folder / "chaos.json").read_text())
    return told


@pytest.mark.req("A024", "A033", "A153", "A154")
def test_a_storm_with_kills_loses_nothing_and_applies_nothing_twice(report: dict[str, Any]) -> None:
    storm = report["scenarios"][0]
    assert report["accounts"] == 50
    assert report["tenants"] > 1
    assert storm["sent"] >= 1_000
    assert storm["attempts"] > storm["sent"], "duplicates were sent"
    assert 0 < storm["dropped"] < storm["sent"]
    assert storm["kills"] == {"worker": 2, "postgres": 1, "valkey": 1}
    assert (storm["lost"], storm["applied_twice"], storm["foreign"]) == (0, 0, 0), storm


@pytest.mark.req("A024", "A154", "B026")
def test_what_was_never_delivered_comes_back_by_itself(report: dict[str, Any]) -> None:
    storm = report["scenarios"][0]
    assert storm["repaired"]["missed feeds"] == report["accounts"], "one order of each account was told to nobody"
    assert storm["repaired"]["reconciliation"] > 0, "what was dropped is in no feed"
    assert sum(storm["repaired"].values()) == storm["missing_before"]


@pytest.mark.req("A033", "A154")
def test_what_dies_with_the_queues_comes_back_by_itself(report: dict[str, Any]) -> None:
    death = report["scenarios"][1]
    assert death["kills"] == {"emulator": 1}
    assert death["missing_before"] > 0, "the queues died with work in them"
    assert sum(death["repaired"].values()) == death["missing_before"]
    assert (death["lost"], death["applied_twice"], death["foreign"]) == (0, 0, 0), death


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return any(str(folder) in argument for argument in process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False
