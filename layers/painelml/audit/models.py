"""An audit entry, how it is hashed, and what a verification says."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from painelml.core.wire import Moment

GENESIS = bytes(32)
"""What stands before the first entry of every chain."""

Detail = str | int | bool


class AuditEvent(StrEnum):
    """What can happen that someone may have to answer for."""

    LOGGED_IN = "LOGGED_IN"
    LOGIN_FAILED = "LOGIN_FAILED"
    LOGIN_THROTTLED = "LOGIN_THROTTLED"
    LOGGED_OUT = "LOGGED_OUT"
    REFRESH_REUSED = "REFRESH_REUSED"
    SESSION_ENDED = "SESSION_ENDED"
    SESSIONS_ENDED = "SESSIONS_ENDED"
    SIGNED_UP = "SIGNED_UP"
    EMAIL_CHANGED = "EMAIL_CHANGED"
    EMAIL_VERIFIED = "EMAIL_VERIFIED"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105
    SECOND_FACTOR_ADDED = "SECOND_FACTOR_ADDED"
    SECOND_FACTOR_REMOVED = "SECOND_FACTOR_REMOVED"
    RECOVERY_CODE_USED = "RECOVERY_CODE_USED"
    ROLE_CHANGED = "ROLE_CHANGED"
    USER_INVITED = "USER_INVITED"
    INVITATION_REVOKED = "INVITATION_REVOKED"
    USER_JOINED = "USER_JOINED"
    USER_ADDED = "USER_ADDED"
    USER_DEACTIVATED = "USER_DEACTIVATED"
    USER_REACTIVATED = "USER_REACTIVATED"
    TENANT_SWITCHED = "TENANT_SWITCHED"
    TENANT_CHANGED = "TENANT_CHANGED"
    SETTINGS_CHANGED = "SETTINGS_CHANGED"
    ACCOUNT_CONNECTED = "ACCOUNT_CONNECTED"
    ACCOUNT_DISCONNECTED = "ACCOUNT_DISCONNECTED"
    ACCOUNT_REFUSED = "ACCOUNT_REFUSED"
    SYNC_PAUSED = "SYNC_PAUSED"
    SYNC_RESUMED = "SYNC_RESUMED"
    SYNC_CANCELLED = "SYNC_CANCELLED"
    PLAN_CHANGED = "PLAN_CHANGED"
    STATUS_CHANGED = "STATUS_CHANGED"
    KEY_CREATED = "KEY_CREATED"
    KEY_REVOKED = "KEY_REVOKED"
    KEY_USED = "KEY_USED"
    FOREIGN_TENANT_REFUSED = "FOREIGN_TENANT_REFUSED"
    PLATFORM_ACTION = "PLATFORM_ACTION"
    EXPORTED = "EXPORTED"
    ERASED = "ERASED"


class AuditEntry(BaseModel):
    """One entry. `subject` is what it was done to, an id or a code; `hash` is hexadecimal."""

    model_config = ConfigDict(frozen=True)

    sequence: int
    occurred_at: Moment
    event: str
    actor_id: UUID | None
    subject: str
    details: dict[str, Detail]
    hash: str


class Verdict(BaseModel):
    """What a verification found. `faults` is empty where the chain holds; `head` is the last hash, hexadecimal."""

    tenant_id: UUID
    entries: int
    head: str
    faults: list[str]


def canonical(tenant_id: UUID, entry: AuditEntry) -> str:
    """The entry as it is hashed: compact JSON, keys in byte order. directory.audit_text() writes the same."""
    document = entry.model_dump(exclude={"hash", "occurred_at", "actor_id"})
    document["actor_id"] = None if entry.actor_id is None else str(entry.actor_id)
    document["occurred_at"] = microseconds(entry.occurred_at)
    document["tenant_id"] = str(tenant_id)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def link(previous: bytes, tenant_id: UUID, entry: AuditEntry) -> bytes:
    """The entry's hash: SHA-256 over the hash before it (32 bytes) and its canonical JSON in UTF-8."""
    return hashlib.sha256(previous + canonical(tenant_id, entry).encode()).digest()


def microseconds(moment: datetime) -> str:
    """`2026-11-22T12:00:00.123456Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
