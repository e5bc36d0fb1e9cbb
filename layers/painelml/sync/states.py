"""The states of a run, in one place: which may follow which."""

from __future__ import annotations

from painelml.sync.models import RunStatus

MAY_BECOME: dict[RunStatus, frozenset[RunStatus]] = {
    "running": frozenset({"paused", "done", "failed", "cancelled"}),
    "paused": frozenset({"running", "cancelled"}),
    "done": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}
OVER = frozenset(status for status, following in MAY_BECOME.items() if not following)


def before(status: RunStatus) -> list[RunStatus]:
    """The states that a run may come to `status` from."""
    return [earlier for earlier, following in MAY_BECOME.items() if status in following]
