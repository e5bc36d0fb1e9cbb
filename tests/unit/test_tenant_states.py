"""The one table of the moves between a tenant's states (K46)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from painelml.core.standing import MAY, Act, TenantClosed, TenantStatus, act_of, judge
from painelml.tenancy.models import MOVES, OPEN


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


@pytest.mark.req("B044", "K46")
def test_what_a_state_allows_is_in_the_table_and_nowhere_else() -> None:
    assert set(MAY) == set(TenantStatus)
    assert MAY[TenantStatus.SUSPENDED] == {Act.NOTIFY}
    assert not MAY[TenantStatus.PROVISIONING]
    assert not MAY[TenantStatus.CANCELLED]


@given(status=st.sampled_from(TenantStatus), method=st.sampled_from(["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"]))
def test_a_request_passes_where_the_table_says_so(status: TenantStatus, method: str) -> None:
    act = act_of(method)
    if act in MAY[status]:
        judge(status, act)
    else:
        with pytest.raises(TenantClosed):
            judge(status, act)


@given(walk=st.lists(st.sampled_from(TenantStatus), max_size=12))
def test_no_walk_along_the_table_leads_back_to_the_beginning(walk: list[TenantStatus]) -> None:
    here = TenantStatus.PROVISIONING
    been = [here]
    for to in walk:
        if to in MOVES[here]:
            here = to
            been.append(here)
    assert TenantStatus.PROVISIONING not in been[1:]
    assert TenantStatus.TRIAL not in been[2:]
