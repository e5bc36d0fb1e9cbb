"""Windows of order.date_last_updated. Mercado Livre drops everything below the hour, so windows are whole hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)
OVERLAP = timedelta(hours=2)  # an update may become visible some time after its stamp


def floor_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def ceil_hour(moment: datetime) -> datetime:
    floor = floor_hour(moment)
    return floor if floor == moment else floor + HOUR


def first_window(moment: datetime, *, days: int, newest: datetime | None) -> tuple[datetime, datetime]:
    """From the newest update seen (or `days` back) to the hour after now.

    The end is a whole hour past now, so that orders which are updated while we page stay inside.
    """
    start = moment - timedelta(days=days)
    if newest is not None:
        start = max(start, newest - OVERLAP)
    return floor_hour(start), ceil_hour(moment) + HOUR


def halves(start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], tuple[datetime, datetime]] | None:
    """The window in two parts that meet at a whole hour; None for one of an hour, which cannot be split."""
    middle = floor_hour(start + (end - start) / 2)
    if middle <= start:
        middle = start + HOUR
    return None if middle >= end else ((start, middle), (middle, end))
