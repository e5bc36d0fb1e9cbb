"""Windows of order.date_last_updated. Mercado Livre drops everything below the hour, so windows are whole hours."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)
KEPT_DAYS = 365
OVERLAP = timedelta(hours=2)
"""How long after its stamp an update may become visible, and how far our clock may be from Mercado Livre's, together."""


def floor_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def ceil_hour(moment: datetime) -> datetime:
    floor = floor_hour(moment)
    return floor if floor == moment else floor + HOUR


def first_windows(moment: datetime, *, days: int, newest: datetime | None) -> list[tuple[datetime, datetime]]:
    """From the newest update seen (or `days` back) to the hour after now, in two: what is past, and what still moves.

    From a past window orders can only go away, which its falling total tells. In the moving one they come, go and change
    places, so that one may be passed over: the next run reads all of it again, for `newest` is never later than `moment`.
    The end is a whole hour past now, so that orders which are updated while we page stay inside.
    """
    start = moment - timedelta(days=days)
    if newest is not None:
        start = max(start, newest - OVERLAP)
    start, moving, end = floor_hour(start), floor_hour(moment - OVERLAP), ceil_hour(moment) + HOUR
    return [(start, moving), (moving, end)] if start < moving else [(start, end)]


def days_since(newest: datetime, moment: datetime) -> int:
    """How many days back reach it: 1 to 365, because Mercado Livre keeps 12 months of orders."""
    return max(1, min(KEPT_DAYS, math.ceil((moment - newest + OVERLAP) / timedelta(days=1))))


def settled(newest: datetime | None, *, began: datetime) -> datetime | None:
    """Up to when a run that began then has seen every update: what is later may have moved while it read."""
    return None if newest is None else min(newest, began)


def halves(start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], tuple[datetime, datetime]] | None:
    """The window in two parts that meet at a whole hour; None for one of an hour, which cannot be split."""
    middle = floor_hour(start + (end - start) / 2)
    if middle <= start:
        middle = start + HOUR
    return None if middle >= end else ((start, middle), (middle, end))
