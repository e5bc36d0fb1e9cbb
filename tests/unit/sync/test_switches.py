"""Every scope of a sync has its switch, and every kind of trigger its way."""

from __future__ import annotations

from typing import get_args

import pytest

from painelml.sync.models import SCHEDULED, RunStatus
from painelml.sync.scopes import SPECS
from painelml.sync.states import MAY_BECOME, OVER, before
from painelml.tenancy.settings import SWITCHES, Settings


def test_every_scope_has_a_switch() -> None:
    assert set(SCHEDULED) == set(SPECS)
    assert set(SCHEDULED) <= SWITCHES.keys()
    assert {switch for switch in SWITCHES.values() if switch} <= set(Settings.model_fields)
    defaults = Settings()
    assert all(getattr(defaults, switch) for switch in SWITCHES.values() if switch)


@pytest.mark.req("B023")
def test_the_states_of_a_run() -> None:
    assert set(MAY_BECOME) == set(get_args(RunStatus))
    assert {"done", "failed", "cancelled"} == OVER
    assert before("running") == ["paused"]
    assert before("paused") == ["running"]
    assert before("cancelled") == ["running", "paused"]
    assert before("done") == before("failed") == ["running"]
