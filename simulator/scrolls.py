"""Scans of a catalogue: a snapshot of ids, handed out page by page for as long as the reader keeps coming."""

import secrets
from typing import Generic, TypeVar

from .clock import MINUTE
from .errors import bad_request

SCROLL_LIFE = 5 * MINUTE

Id = TypeVar("Id")


class Scrolls(Generic[Id]):
    """Open scans. Each answer renames the scan: the newest documentation says to send the latest id received."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[int, list[Id], int, int]] = {}

    def start(self, user_id: int, ids: list[Id], limit: int, now: int) -> tuple[list[Id], str | None]:
        self._open = {name: scroll for name, scroll in self._open.items() if scroll[3] > now}
        return self._page(user_id, ids, limit, now)

    def resume(self, scroll_id: str, user_id: int, now: int) -> tuple[list[Id], str | None]:
        owner, ids, limit, expires = self._open.pop(scroll_id, (0, [], 0, 0))
        if owner != user_id or expires <= now:
            raise bad_request("the scroll_id is unknown or has expired", "invalid_scroll_id")
        return self._page(user_id, ids, limit, now)

    def _page(self, user_id: int, ids: list[Id], limit: int, now: int) -> tuple[list[Id], str | None]:
        if not ids:
            return [], None
        scroll_id = secrets.token_urlsafe(24)
        self._open[scroll_id] = (user_id, ids[limit:], limit, now + SCROLL_LIFE)
        return ids[:limit], scroll_id
