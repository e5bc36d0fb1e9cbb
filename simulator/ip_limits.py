"""Calls per address and minute: the limit of billing looks at where a call comes from, not at who makes it."""

from collections import deque

from .clock import MINUTE
from .errors import ApiError


class AddressCounts:
    """The recent calls of each address."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[int]] = {}

    def admit(self, address: str, now: int, limit: int) -> None:
        """Count a call; 429 for one above `limit` within the last minute. A limit of 0 is none."""
        if not limit:
            return
        calls = self._calls.setdefault(address, deque())
        while calls and calls[0] <= now - MINUTE:
            calls.popleft()
        if len(calls) >= limit:
            raise ApiError(429, "too_many_requests", "too many requests from this address")
        calls.append(now)
