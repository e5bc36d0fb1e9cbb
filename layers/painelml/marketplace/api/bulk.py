"""Multiget answers, in both of their envelopes. An unknown one is refused loudly: it would read as 'nothing there'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from painelml.marketplace.errors import UnknownEnvelope

LIMIT = 20  # ids in one call


def unwrap(asked: Sequence[str], entries: Any) -> tuple[list[dict[str, Any]], list[tuple[int, str | None]]]:
    """The bodies, and `(status, id)` of what was refused; what is gone (404) is neither.

    `[{status_code, id, body}]` as it is, `[{code, body}]` as it was; raises UnknownEnvelope for anything else.
    """
    if not isinstance(entries, list):
        raise UnknownEnvelope("multiget: not a list")
    bodies: list[dict[str, Any]] = []
    refused: list[tuple[int, str | None]] = []
    for position, entry in enumerate(entries):
        status = entry.get("status_code", entry.get("code")) if isinstance(entry, dict) else None
        if not isinstance(status, int):
            raise UnknownEnvelope("multiget: an entry without a status")
        if status in (200, 206):
            if not isinstance(entry.get("body"), dict):
                raise UnknownEnvelope("multiget: an entry without a body")
            bodies.append(entry["body"])
        elif status != 404:
            refused.append((status, asked[position] if position < len(asked) else None))
    return bodies, refused
