"""Windows of whole hours: nothing falls between two of them, and splitting ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from painelml.sync.windows import HOUR, OVERLAP, ceil_hour, days_since, first_windows, floor_hour, halves, settled

moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(moment=moments)
def test_hours_enclose_their_moment(moment: datetime) -> None:
    assert floor_hour(moment) <= moment <= ceil_hour(moment)
    assert ceil_hour(moment) - floor_hour(moment) <= HOUR


@given(moment=moments, days=st.integers(1, 365), age=st.none() | st.timedeltas(timedelta(0), timedelta(days=400)))
def test_the_first_windows_reach_from_what_was_seen_to_past_now(moment: datetime, days: int, age: timedelta | None) -> None:
    newest = None if age is None else moment - age
    windows = first_windows(moment, days=days, newest=newest)
    start, end = windows[0][0], windows[-1][1]
    assert end >= moment + HOUR
    earliest = moment - timedelta(days=days)
    assert start <= max(earliest, newest - OVERLAP if newest else earliest)
    assert start > earliest - HOUR
    for (_, until), (since, _) in pairwise(windows):
        assert until == since
    assert all(since < until and (since.minute, until.minute) == (0, 0) for since, until in windows)
    assert windows[-1][0] <= moment - OVERLAP or len(windows) == 1
    assert all(until <= moment - OVERLAP for _, until in windows[:-1])


@given(moment=moments, age=st.timedeltas(timedelta(0), timedelta(days=360)))
def test_the_days_since_reach_what_was_seen(moment: datetime, age: timedelta) -> None:
    newest = moment - age
    start = first_windows(moment, days=days_since(newest, moment), newest=newest)[0][0]
    assert start <= newest - OVERLAP


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


@given(began=moments, lasted=st.timedeltas(timedelta(0), timedelta(days=30)), seen=st.timedeltas(timedelta(-40), timedelta(30)))
def test_the_next_run_reads_all_of_what_moved(began: datetime, lasted: timedelta, seen: timedelta) -> None:
    """However long a run takes and whatever stamp it saw last: what was passed over in its moving window is in the next run."""
    moving = first_windows(began, days=90, newest=None)[-1][0]
    newest = settled(began + seen, began=began)
    later = began + lasted
    assert newest is not None
    assert first_windows(later, days=days_since(newest, later), newest=newest)[0][0] <= moving
