"""What happens by itself when its moment comes: parcels that move, stock that replicates, warnings that grow up."""

import asyncio
import heapq
from collections.abc import Callable

from .clock import SECOND, Clock


class Agenda:
    """Acts by the moment they are due, by the movable clock. Nothing here is persisted: a start plans anew."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._added = 0
        self._changed = asyncio.Event()

    def at(self, moment_ms: int, act: Callable[[], None]) -> None:
        self._added += 1
        heapq.heappush(self._heap, (moment_ms, self._added, act))
        if self._heap[0][1] == self._added:
            self._changed.set()

    def clear(self) -> None:
        self._heap.clear()

    def catch_up(self) -> None:
        """Do all that is due. An act may plan the next one, which is done too if its moment has passed."""
        now = self._clock.now_ms()
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)[2]()

    async def run(self) -> None:
        """Do what comes due until cancelled."""
        while True:
            self._changed.clear()
            self.catch_up()
            wait = (self._heap[0][0] - self._clock.now_ms()) / SECOND if self._heap else None
            try:
                async with asyncio.timeout(None if wait is None else max(wait, 0)):
                    await self._changed.wait()
            except TimeoutError:
                continue
