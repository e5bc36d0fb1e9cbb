"""What a notification leads to: a resource that is to be read again."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Wanted:
    """A resource that is to be read again, by its path."""

    resource: str
    account_id: UUID
    topic: str
