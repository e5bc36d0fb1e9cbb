"""Identifiers: UUID version 7 (RFC 9562 §5.7), made here because PostgreSQL 17 has no function for it."""

from __future__ import annotations

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """A random id that sorts by the millisecond of its making."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
