"""What a notification leads to: a resource that is to be read again, and what happened when it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Wanted:
    """A resource that is to be read again, by its path."""

    resource: str
    account_id: UUID
    topic: str


@dataclass(frozen=True, slots=True)
class Effect:
    """A version of a resource that was applied, for the outbox."""

    kind: str
    resource: str
    version: str
    payload: dict[str, Any]
