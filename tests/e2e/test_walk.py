"""The main job from outside: sign-up to an order that arrived by notification."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.system import System, painel


@pytest.mark.req("A001", "A025", "A050", "A051", "A154", "A170", "A171", "A172", "A173")
def test_a_new_seller_reads_an_order_that_a_notification_announced(system: System) -> None:
    told = json.loads(system.painel("smoke", "--json").stdout)
    assert told["holds"] is True
    last = told["steps"][-1]
    assert "notification" in last["step"]
    assert last["seconds"] <= 10


def test_smoke_without_a_system_says_what_to_do_and_fails(tmp_path: Path) -> None:
    done = painel(tmp_path, "smoke", check=False)
    assert done.returncode != 0
    assert "make up" in done.stdout + done.stderr
