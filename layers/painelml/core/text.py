"""Text that PostgreSQL can hold. JSON from outside may say NUL and half a surrogate pair, which neither text nor jsonb can."""

from __future__ import annotations

import re
from typing import Any

_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


def storable(document: Any, *, source: bytes) -> Any:
    """`document`, decoded from `source`, without what cannot be stored. Looks closer only where `source` is suspect."""
    return _cleaned(document) if _SUSPECT.search(source) else document


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_cleaned(entry) for entry in value]
    if isinstance(value, dict):
        return {_cleaned(name): _cleaned(entry) for name, entry in value.items()}
    return value
