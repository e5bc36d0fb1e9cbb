"""What a notification leads to: a resource that is to be read again; and which notifications to act on once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, ValidationInfo, field_validator

from painelml.core.fields import Order as Request
from painelml.marketplace.resources import TOPICS


@dataclass(frozen=True, slots=True)
class Wanted:
    """A resource that is to be read again, by its path."""

    resource: str
    account_id: UUID
    topic: str


State = Literal["received", "handled", "all"]


class ReplayRequest(Request):
    """Which notifications: every condition that is given must hold. `since` and `until` are when they came, `until` exclusive.

    `state` `received` means those that had no effect yet. Topics without an effect are never replayed: there is nothing to do.
    """

    tenant: UUID | None = None
    notification: str | None = Field(None, max_length=200)
    topic: str | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    state: State = "received"
    dry_run: bool = False

    @field_validator("topic")
    @classmethod
    def _has_an_effect(cls, topic: str | None) -> str | None:
        if topic is not None and topic not in TOPICS:
            raise ValueError(f"choose one of {', '.join(sorted(TOPICS))}")
        return topic

    @field_validator("until")
    @classmethod
    def _is_after_since(cls, until: datetime | None, info: ValidationInfo) -> datetime | None:
        since = info.data.get("since")
        if until is not None and since is not None and until <= since:
            raise ValueError("must be after since")
        return until
