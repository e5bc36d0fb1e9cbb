"""A clock that follows real time and can be moved, so that months of token life fit in one test."""

import time
from datetime import UTC, datetime, timedelta, timezone

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# Mercado Livre prints order dates with an explicit offset, most often -04:00, whatever the seller's own zone is.
PRINTED_OFFSET = timezone(timedelta(hours=-4))


class Clock:
    """Milliseconds since the epoch: real time plus a movable offset."""

    def __init__(self, offset_ms: int = 0) -> None:
        self.offset_ms = offset_ms

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.offset_ms

    def advance(self, seconds: float) -> None:
        self.offset_ms += round(seconds * SECOND)

    def set(self, moment_ms: int) -> None:
        self.offset_ms += moment_ms - self.now_ms()


def utc_text(moment_ms: int) -> str:
    """`2026-11-20T12:00:01.250Z`, the form of notifications and of `date_last_updated`."""
    text = datetime.fromtimestamp(moment_ms / SECOND, UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def offset_text(moment_ms: int) -> str:
    """`2026-11-01T10:00:05.000-04:00`, the form of order and user dates."""
    return datetime.fromtimestamp(moment_ms / SECOND, PRINTED_OFFSET).isoformat(timespec="milliseconds")


def parse_moment(text: str) -> int:
    """Read an ISO 8601 moment; one without an offset is refused, because its meaning would depend on the reader."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no offset in {text!r}")
    return round(moment.timestamp() * SECOND)


def parse_hour(text: str) -> int:
    """Read a search bound as Mercado Livre does: minutes and everything below are discarded."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no offset in {text!r}")
    return round(moment.replace(minute=0, second=0, microsecond=0).timestamp() * SECOND)
