"""Searches past the thousandth row (`search_type=scan`): a snapshot, of which no page may come five minutes after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from painelml.marketplace.api.seller import SellerApi
from painelml.marketplace.api.transport import Params
from painelml.marketplace.errors import CallRefused
from painelml.sync.models import PageDone

RESTARTS = 3
BEGINNING: dict[str, Any] = {"scroll_id": None, "restarts": 0}
"""What a scan's cursor holds before its first page."""


def page(
    api: SellerApi, path: str, cursor: dict[str, Any], *, first: Params | None = None, **always: str | int
) -> dict[str, Any] | None:
    """The next answer; None where the scan has expired and may begin again. `first` is said on the first page alone."""
    scroll_id = cursor["scroll_id"]
    asked = {**always, "scroll_id": scroll_id} if scroll_id else {**always, **(first or {})}
    try:
        return cast("dict[str, Any]", api.get(path, search_type="scan", **asked).document)
    except CallRefused:
        if scroll_id is None or cursor["restarts"] >= RESTARTS:
            raise
        return None


def restarted(cursor: dict[str, Any]) -> PageDone:
    """The scan from its beginning."""
    return PageDone(cursor={**cursor, "scroll_id": None, "restarts": cursor["restarts"] + 1})


def following(answer: dict[str, Any], found: Sequence[Any]) -> str | None:
    """What to go on with: the latest scroll_id received, says the newest documentation. Null ends the scan; so does an empty
    page."""
    return answer.get("scroll_id") if found else None
