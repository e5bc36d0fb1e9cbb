"""One seller's orders, kept sorted by each date that can be searched."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

from .model import Order

DATES = ("date_created", "date_closed", "date_last_updated")
FOREVER = 1 << 62

Window = tuple[int, int]


class Ledger:
    """Sorted (moment, order id) pairs per date, so that a search reads a slice instead of every order."""

    def __init__(self) -> None:
        self._sorted: dict[str, list[tuple[int, int]]] = {date: [] for date in DATES}
        self._placed: dict[int, tuple[int, ...]] = {}
        self.revision = 0

    def __len__(self) -> int:
        return len(self._placed)

    def ids(self) -> list[int]:
        return list(self._placed)

    def place(self, order: Order) -> None:
        """Add an order, or move one whose dates changed."""
        self.revision += 1
        before = self._placed.get(order.id)
        after = tuple(getattr(order, date) for date in DATES)
        for position, date in enumerate(DATES):
            moments = self._sorted[date]
            if before is not None:
                if before[position] == after[position]:
                    continue
                del moments[bisect_left(moments, (before[position], order.id))]
            insort(moments, (after[position], order.id))
        self._placed[order.id] = after

    def fill(self, orders: Iterable[Order]) -> None:
        """Add many new orders at once: one sort instead of many insertions."""
        self.revision += 1
        fresh = list(orders)
        for date in DATES:
            self._sorted[date].extend((getattr(order, date), order.id) for order in fresh)
            self._sorted[date].sort()
        for order in fresh:
            self._placed[order.id] = tuple(getattr(order, date) for date in DATES)

    def within(self, windows: dict[str, Window]) -> list[int]:
        """Ids of the orders inside every window, oldest `date_closed` first."""
        bounds = {date: self._bounds(date, *window) for date, window in windows.items()}
        # A window around everything, as the horizon mostly is, would only cost a sort.
        windows = {date: window for date, window in windows.items() if bounds[date] != (0, len(self._placed))}
        bounds = {date: bounds[date] for date in windows}
        narrow = min(bounds, key=lambda date: bounds[date][1] - bounds[date][0], default="date_closed")
        low, high = bounds.get(narrow, (0, len(self._placed)))
        others = [(DATES.index(date), *window) for date, window in windows.items() if date != narrow]
        ids = [order_id for _, order_id in self._sorted[narrow][low:high]]
        for position, start, end in others:
            ids = [order_id for order_id in ids if start <= self._placed[order_id][position] <= end]
        if narrow != "date_closed":
            closed = DATES.index("date_closed")
            ids.sort(key=lambda order_id: (self._placed[order_id][closed], order_id))
        return ids

    def _bounds(self, date: str, start: int, end: int) -> tuple[int, int]:
        moments = self._sorted[date]
        return bisect_left(moments, (start, 0)), bisect_right(moments, (end, FOREVER))
