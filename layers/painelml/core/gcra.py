"""The generic cell rate algorithm in one process, for the time when Valkey cannot keep the count for all (decision 0033)."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

BUCKETS = 10_000
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether a call passed; `ahead`: seconds until the bucket is full again; `wait`: seconds until a refused one may pass."""

    allowed: bool
    ahead: float
    wait: float


class LocalBuckets:
    """Buckets by key, the longest unseen forgotten first. Threads share them."""

    def __init__(self) -> None:
        self._arrivals: OrderedDict[Hashable, float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: Hashable, *, interval: float, tolerance: float) -> Taken:
        """One call each `interval` seconds, and `tolerance` seconds' worth of calls at once."""
        moment = time.monotonic()
        with self._lock:
            tat = max(self._arrivals.pop(key, 0.0), moment)
            wait = tat + interval - moment - tolerance
            allowed = wait <= ROUNDING
            after = tat + interval if allowed else tat
            self._arrivals[key] = after
            if len(self._arrivals) > BUCKETS:
                self._arrivals.popitem(last=False)
        return Taken(allowed, after - moment, 0.0 if allowed else wait)
