"""The one table of the moves between a tenant's states (K46)."""

from __future__ import annotations

import pytest

from painelml.tenancy.models import MOVES, OPEN, TenantStatus


@pytest.mark.req("B044", "K46")
def test_every_state_has_its_line_and_a_way_on() -> None:
    assert set(MOVES) == set(TenantStatus)
    assert all(moves and status not in moves for status, moves in MOVES.items())


@pytest.mark.req("K46")
def test_every_state_can_be_cancelled_and_only_a_return_leads_out_again() -> None:
    others = set(TenantStatus) - {TenantStatus.CANCELLED}
    assert all(TenantStatus.CANCELLED in MOVES[status] for status in others)
    assert MOVES[TenantStatus.CANCELLED] == {TenantStatus.ACTIVE}


def test_nobody_goes_back_to_the_beginning() -> None:
    assert not any({TenantStatus.PROVISIONING} & moves for moves in MOVES.values())
    assert all(TenantStatus.TRIAL not in moves for status, moves in MOVES.items() if status != TenantStatus.PROVISIONING)


def test_open_states_are_those_that_someone_may_enter() -> None:
    assert {TenantStatus.TRIAL, TenantStatus.ACTIVE, TenantStatus.PAST_DUE} == OPEN
