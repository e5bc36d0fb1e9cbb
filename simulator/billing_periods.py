"""Billing periods: calendar months, named by their first day, or in Mexico by the day on which the bill expires."""

from datetime import date, datetime, timedelta

from .clock import DAY, PRINTED_OFFSET, SECOND

DUE_DAYS = 10


def period_of(moment: int) -> str:
    """The first day of the month in which a moment falls."""
    return datetime.fromtimestamp(moment / SECOND, PRINTED_OFFSET).date().replace(day=1).isoformat()


def following(period: str) -> str:
    return (date.fromisoformat(period) + timedelta(days=32)).replace(day=1).isoformat()


def before(period: str, count: int) -> str:
    """The period `count` months earlier."""
    first = date.fromisoformat(period)
    for _ in range(count):
        first = (first - timedelta(days=1)).replace(day=1)
    return first.isoformat()


def start_of(period: str) -> int:
    """The moment at which a period begins."""
    first = date.fromisoformat(period)
    return round(datetime(first.year, first.month, 1, tzinfo=PRINTED_OFFSET).timestamp() * SECOND)


def is_closed(period: str, moment: int) -> bool:
    return moment >= start_of(following(period))


def last_day(period: str) -> str:
    return (date.fromisoformat(following(period)) - timedelta(days=1)).isoformat()


def expiration(period: str) -> str:
    """The day on which its bill is due."""
    return (date.fromisoformat(following(period)) + timedelta(days=DUE_DAYS - 1)).isoformat()


def is_expired(period: str, moment: int) -> bool:
    return moment >= start_of(following(period)) + DUE_DAYS * DAY


def key_of(period: str, site_id: str) -> str:
    return expiration(period) if site_id == "MLM" else period


def since(first: str, now: int) -> list[str]:
    """Every period from one on to the current one, newest first."""
    periods, current = [], period_of(now)
    while current >= first:
        periods.append(current)
        current = before(current, 1)
    return periods


def local_text(moment: int) -> str:
    """`2026-11-19T08:15:00`: dates of billing carry no offset."""
    return datetime.fromtimestamp(moment / SECOND, PRINTED_OFFSET).replace(tzinfo=None).isoformat(timespec="seconds")
