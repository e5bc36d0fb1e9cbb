"""What a benchmark says: our number beside a baseline measured in the same run, and whether the goal holds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`ratio` = baseline ÷ ours (higher is better for times), or ours ÷ baseline for rates; `goal` is in words."""

    name: str
    what: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    goal: str = ""
    holds: bool | None = None

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


def median_ms(work: Callable[[], object], *, times: int) -> float:
    """The median of `times` runs, in milliseconds, after one run to warm up."""
    work()
    return statistics.median(_timed_ms(work) for _ in range(times))


def interleaved_ms(left: Callable[[], object], right: Callable[[], object], *, times: int) -> tuple[float, float]:
    """Medians of two works that take turns, so that the machine's moods fall on both."""
    left(), right()
    pairs = [(_timed_ms(left), _timed_ms(right)) for _ in range(times)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0 to 1) of `values` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _timed_ms(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000
