"""Windows of whole hours: nothing falls between two of them, and splitting ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from painelml.sync.windows import HOUR, OVERLAP, ceil_hour, first_window, floor_hour, halves

moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(moment=moments)
def test_hours_enclose_their_moment(moment: datetime) -> None:
    assert floor_hour(moment) <= moment <= ceil_hour(moment)
    assert ceil_hour(moment) - floor_hour(moment) <= HOUR


@given(moment=moments, days=st.integers(1, 365), age=st.none() | st.timedeltas(timedelta(0), timedelta(days=400)))
def test_the_first_window_reaches_from_what_was_seen_to_past_now(moment: datetime, days: int, age: timedelta | None) -> None:
    newest = None if age is None else moment - age
    start, end = first_window(moment, days=days, newest=newest)
    assert end >= moment + HOUR
    earliest = moment - timedelta(days=days)
    assert start <= max(earliest, newest - OVERLAP if newest else earliest)
    assert start > earliest - HOUR
    assert (start.minute, end.minute) == (0, 0)


@given(moment=moments, hours=st.integers(1, 9000))
def test_halves_cover_the_window_and_get_smaller(moment: datetime, hours: int) -> None:
    start = floor_hour(moment)
    end = start + hours * HOUR
    parts = halves(start, end)
    if hours == 1:
        assert parts is None
        return
    assert parts is not None
    (first, second) = parts
    assert (first[0], first[1], second[1]) == (start, second[0], end)
    assert first[1] == floor_hour(first[1])
    assert max(first[1] - first[0], second[1] - second[0]) < end - start
